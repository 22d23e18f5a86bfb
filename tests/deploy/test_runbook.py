"""The runbook in short: its commands, unchanged, on this machine's files with an overlay that takes all changes.

In place of its installation stands the project's own environment, and in place of systemd a script of ten lines.
`make runbook` has neither: long_runbook.py.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.deploy.runbook import ROOT, at_a_terminal, block

PASSWORD: Final = "correct horse battery"  # noqa: S105 -- of nobody
_INSTALLATION: Final = ("apt-get ", "git ", "make ")
_SYSTEMCTL: Final = """#!/bin/sh
case "$*" in
*start*|*enable*)
  if [ -e /run/footnote.pid ]; then exit; fi
  set -a; . /etc/footnote/footnote.env; set +a
  cd /var/lib/footnote
  program=$(sed -n 's/^ExecStart=//p' /etc/systemd/system/footnote.service)
  setsid setpriv --reuid=footnote --regid=footnote --clear-groups $program >/tmp/log 2>&1 </dev/null &
  echo $! > /run/footnote.pid ;;
stop*)
  if [ ! -e /run/footnote.pid ]; then exit; fi
  kill "$(cat /run/footnote.pid)"
  while kill -0 "$(cat /run/footnote.pid)" 2>/dev/null; do sleep 0.1; done
  rm /run/footnote.pid ;;
esac
"""
_ENTER: Final = """set -euo pipefail
mount -t tmpfs tmpfs "$WORK"
mkdir "$WORK/upper" "$WORK/work" "$WORK/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$WORK/upper,workdir=$WORK/work" "$WORK/root"
cd "$WORK/root"
mount -t proc proc proc
mount --rbind /dev dev
for folder in run tmp opt; do mount -t tmpfs tmpfs "$folder"; done
chmod 1777 tmp
mkdir -p opt/footnote "./$PROJECT"
for place in opt/footnote "./$PROJECT"; do
  mount --bind "$PROJECT" "$place"
  mount -o remount,bind,ro "$place"
done
rm -rf var/lib/footnote etc/footnote
for folder in $REACHED; do chmod a+x "./$folder"; done
install --mode=0755 "$SYSTEMCTL" usr/local/bin/systemctl
ip link set lo up
exec chroot . env -i PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin OMP_NUM_THREADS=1 bash -euo pipefail "$SCRIPT"
"""


def in_an_overlay(folder: Path, script: str) -> str:
    """Run a script as root of a copy of this machine's files that is gone afterwards; return what it prints."""
    (folder / "work").mkdir()
    (folder / "systemctl").write_text(_SYSTEMCTL, "utf-8")
    (folder / "enter").write_text(_ENTER, "utf-8")
    (folder / "script").write_text(script, "utf-8")
    reached = {str(parent) for path in (ROOT, Path(sys.executable).resolve()) for parent in path.parents}
    environ = {
        **os.environ,
        "WORK": str(folder / "work"),
        "PROJECT": str(ROOT),
        "SYSTEMCTL": str(folder / "systemctl"),
        "SCRIPT": "/dev/fd/9",
        "REACHED": " ".join(sorted(reached)),
    }
    done = subprocess.run(
        [
            *("unshare", "--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child"),
            *("bash", "-c", 'exec 9< "$0"; exec bash "$1"', str(folder / "script"), str(folder / "enter")),
        ],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


@pytest.mark.model
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux, for mounts of its own")
@pytest.mark.skipif(not all(map(shutil.which, ("unshare", "ip", "script", "setpriv", "curl"))), reason="lacks a tool")
def test_an_installation_is_set_up_backed_up_destroyed_and_restored(tmp_path: Path) -> None:
    setup = "".join(line for line in block("install").splitlines(True) if not line.startswith(_INSTALLATION))
    ask = "curl --silent --fail --header 'Content-Type: application/json' http://127.0.0.1:7860/api/ask --data"
    steps = [
        setup,
        block("pages"),
        block("start"),
        at_a_terminal(block("account"), PASSWORD),
        f"""{ask} '{{"question": "when may I do sport?"}}' > /root/before""",
        block("backup"),
        "systemctl stop footnote; rm -rf /var/lib/footnote; echo DESTROYED",
        "install --directory --owner=footnote --group=footnote --mode=0700 /var/lib/footnote",  # as in the installation
        block("restore"),
        block("start"),
        f"""{ask} '{{"question": "when may I do sport?"}}' > /root/after""",
        "grep -o 'Wait two days[^.\\\\]*' /root/before /root/after",
        "footnote staff list; footnote journal export; stat --format=%U:%a /var/lib/footnote/journal/journal.sqlite3",
    ]
    printed = in_an_overlay(tmp_path, "\n".join(steps))
    _, restored = printed.split("DESTROYED\n")
    assert "/root/before:Wait two days before you do sport again" in restored
    assert "/root/after:Wait two days before you do sport again" in restored
    assert "anna" in restored
    assert "when may I do sport?" in restored
    assert "footnote:600" in restored
