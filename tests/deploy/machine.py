"""An empty Debian machine: a folder as its root, and a systemd of its own in namespaces of its own.

Nothing of it is emulated: commands run as root of that folder, and systemd starts the units with all their limits. It
has its own processes, mounts and network, in which nobody can be reached. Commands that are `online` have this
machine's network.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["SUITE", "Machine", "debian_sources", "make_root", "missing_tools", "pip_files", "remove_root", "run"]

SUITE: Final = "bookworm"
_TOOLS: Final = ("mmdebstrap", "unshare", "nsenter", "ip")
_MASKED: Final = ("getty.target", "systemd-sysctl.service", "systemd-binfmt.service", "systemd-modules-load.service")
_CGROUPS: Final = Path("/sys/fs/cgroup")
# Devices are bound one by one. What systemd could change of the kernel is mounted read-only.
_BOOT: Final = """set -e
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t sysfs -o ro sysfs "$ROOT/sys"
mount -t cgroup2 cgroup2 "$ROOT/sys/fs/cgroup" 2>/dev/null || mount --bind "$CGROUP2" "$ROOT/sys/fs/cgroup"
for folder in dev run tmp; do mount -t tmpfs tmpfs "$ROOT/$folder"; done
chmod 1777 "$ROOT/tmp"
mkdir "$ROOT/dev/pts" "$ROOT/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$ROOT/dev/pts"
mount -t tmpfs tmpfs "$ROOT/dev/shm"
chmod 1777 "$ROOT/dev/shm"
ln -s pts/ptmx "$ROOT/dev/ptmx"
ln -s /proc/self/fd "$ROOT/dev/fd"
for device in null zero full random urandom tty; do
  touch "$ROOT/dev/$device"
  mount --bind "/dev/$device" "$ROOT/dev/$device"
done
touch "$ROOT/dev/console"
mount --bind /dev/null "$ROOT/dev/console"
for shared in $SHARED; do
  from=${shared%%:*} to=${shared#*:}
  if [ -d "$from" ]; then mkdir -p "$ROOT$to"; else mkdir -p "$ROOT${to%/*}"; touch "$ROOT$to"; fi
  mount --bind "$from" "$ROOT$to"
  mount -o remount,bind,ro "$ROOT$to"
done
mount --bind "$ROOT/proc/sys" "$ROOT/proc/sys"
mount -o remount,bind,ro "$ROOT/proc/sys"
ip link set lo up
cd "$ROOT"
mkdir -p .here
pivot_root . .here # not chroot: below one, the kernel makes no user namespace, which PrivateUsers= needs
umount --lazy /.here
exec env -i container=footnote PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
  /lib/systemd/systemd --log-target=journal --unit=multi-user.target
"""


def missing_tools() -> list[str]:
    """Return what this machine lacks to make another one of."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    return missing if os.geteuid() == 0 else [*missing, "root"]


def run(*command: str | Path) -> None:
    """Run a program; raise if it fails."""
    subprocess.run(command, check=True)


def remove_root(root: Path) -> None:
    """Delete a root folder, and nothing that is mounted below it."""
    run("rm", "-rf", "--one-file-system", root)


def debian_sources() -> list[Path]:
    """Return the files in which this machine's apt has the archive; without any, mmdebstrap knows it by itself."""
    return list(Path("/etc/apt/sources.list.d").glob("*.sources"))


def make_root(root: Path) -> None:
    """Unpack a minimal Debian into a folder, as apt of this machine gets it, with systemd."""
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=systemd,systemd-sysv,ca-certificates"]
    run(*command, SUITE, root, *debian_sources())
    for unit in _MASKED:
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    for path in Path("/etc/apt/apt.conf.d").glob("*"):
        if "Acquire" in path.read_text("utf-8"):
            shutil.copy(path, root / "etc/apt/apt.conf.d")


def pip_files(configuration: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return what pip needs to install as it does here: files to share and their places, and variables.

    Writes the settings of this machine's pip into a file, with every path where the new machine will find it.
    """
    printed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    shared: dict[str, str] = {}
    lines = ["[global]"]
    for name, text in re.findall(r"^(?:global|:env:)\.([a-z-]+)='(.*)'$", printed, re.MULTILINE):
        value = text.encode().decode("unicode_escape")
        if name == "constraint":
            continue  # the project has its own
        for scheme, path in re.findall(r"(?<!\S)(file://)?(/\S+)", value):
            here = Path(path)
            if here.is_file():
                shared[path] = f"/usr/local/share/pip/{here.name}"
                value = value.replace(path, shared[path])
            elif here.is_dir():
                folder = str(here.parent if scheme else here)  # beside an index are its files
                shared[folder] = folder
        lines.append(f"{name} = " + "\n  ".join(value.split()))
    configuration.write_text("\n".join(dict.fromkeys(lines)) + "\n", "utf-8")
    return {**shared, str(configuration): "/usr/local/share/pip/pip.conf"}, {
        "PIP_CONFIG_FILE": "/usr/local/share/pip/pip.conf"
    }


@dataclass
class Machine:
    """A machine that runs on a root folder, from `boot` to `destroy`."""

    root: Path
    shared: dict[str, str] = field(default_factory=dict)  # files and folders of this machine -> their place, read-only
    environment: dict[str, str] = field(default_factory=dict)
    _process: "subprocess.Popen[bytes] | None" = None
    _init: int = 0

    def boot(self) -> None:
        """Start systemd, and wait until it is up."""
        unified = _CGROUPS / "unified"
        environ = {
            **os.environ,
            "ROOT": str(self.root),
            "CGROUP2": str(unified if unified.is_dir() else _CGROUPS),
            "SHARED": " ".join(f"{here}:{there}" for here, there in self.shared.items()),
        }
        spaces = ["--mount", "--pid", "--uts", "--ipc", "--cgroup", "--net"]
        command = ["unshare", *spaces, "--fork", "--kill-child", "sh", "-c", _BOOT]
        self._process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL)
        for _ in range(600):
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text("ascii").split()
            self._init = int(children[0]) if children else 0
            if self._init and "running" in self.run("systemctl is-system-running || true", quiet=True):
                return
            assert self._process.poll() is None, "the machine did not boot"
            time.sleep(0.1)
        raise AssertionError(self.run("systemctl list-units --failed --no-pager"))

    def run(self, script: str, *, online: bool = False, quiet: bool = False, **environment: str) -> str:
        """Run a script in a shell of root; return what it prints, and raise if a command of it fails."""
        spaces = ["--mount", "--pid", "--uts", "--ipc", "--cgroup", *([] if online else ["--net"])]
        plain = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "DEBIAN_FRONTEND": "noninteractive",
            "LC_ALL": "C.UTF-8",
        }
        command = ["nsenter", f"--target={self._init}", *spaces, "--root", "--wd", "bash", "-euo", "pipefail", "-c"]
        done = subprocess.run(
            [*command, script],
            env={**plain, **self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        if done.returncode and not quiet:
            raise AssertionError(f"{script}\nexited with {done.returncode}:\n{done.stdout[-4000:]}")
        return done.stdout

    def off(self) -> None:
        """Switch it off at once, as a power cut does."""
        if self._process:
            with suppress(ProcessLookupError):
                os.kill(self._init, signal.SIGKILL)
            self._process.wait(30)
            self._process = None

    def destroy(self) -> None:
        """Switch it off and delete all that it holds."""
        self.off()
        remove_root(self.root)
