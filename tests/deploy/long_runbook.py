"""The runbook on an empty machine: install, put behind nginx, sign in, back up, destroy, restore (`make runbook`).

It takes some minutes, because it installs twice, and it needs root, mmdebstrap and a Debian archive. Only the commands
of docs/operate.md act on the machine; the test looks at it from outside, and does what a visitor and the staff do.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.machine import Machine, make_root, missing_tools, pip_files, remove_root, run
from tests.deploy.runbook import ROOT, at_a_terminal, block

HOST = "chat.clinic.example"
PASSWORD = "correct horse battery"  # noqa: S105 -- of nobody
QUESTION = "When can I do sport again after microneedling?"
WORKPLACE = Path(os.environ.get("CACHE", ROOT / ".bench")) / "machines"
CURL = f"curl --silent --show-error --max-time 60 --cacert /etc/letsencrypt/live/{HOST}/fullchain.pem"


def new_machine(root: Path, source: Path) -> Machine:
    files, settings = pip_files(root.with_suffix(".pip.conf"))
    machine = Machine(
        root, {str(source): "/root/source", **files}, {"SOURCE": "/root/source", "HOST": HOST, **settings}
    )
    with (root / "etc" / "hosts").open("a", encoding="utf-8") as hosts:
        hosts.write(f"127.0.0.1 {HOST}\n")
    machine.boot()
    return machine


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bare clone of what is committed."""
    folder = tmp_path_factory.mktemp("source") / "footnote.git"
    run("git", "clone", "--quiet", "--bare", ROOT, folder)
    return folder


@pytest.fixture
def roots() -> Iterator[tuple[Path, Path]]:
    """Return the roots of two empty machines."""
    missing = missing_tools()
    if missing:
        pytest.skip(f"an empty machine needs {', '.join(missing)}")
    WORKPLACE.mkdir(parents=True, exist_ok=True)
    first, second = WORKPLACE / "first", WORKPLACE / "second"
    for root in (first, second):
        remove_root(root)
    make_root(first)
    run("cp", "--archive", first, second)
    yield first, second
    for root in (first, second):
        remove_root(root)


def put_behind_nginx(machine: Machine) -> None:
    machine.run(block("certificate"))
    machine.run(block("nginx"), CURL_CA_BUNDLE=f"/etc/letsencrypt/live/{HOST}/fullchain.pem")


def sign_in(machine: Machine) -> None:
    machine.run(
        f"{CURL} --fail --cookie-jar /tmp/jar --data-urlencode name=anna --data-urlencode 'password={PASSWORD}' "
        f"--header 'Origin: https://{HOST}' https://{HOST}/staff/sign-in"
    )
    assert "__Host-footnote-staff" in machine.run("cat /tmp/jar")
    assert "<gradio-app" in machine.run(f"{CURL} --fail --cookie /tmp/jar https://{HOST}/staff/")


def ask(machine: Machine) -> str:
    body = json.dumps({"question": QUESTION})
    printed = machine.run(
        f"{CURL} --fail --header 'Content-Type: application/json' --data '{body}' https://{HOST}/api/ask"
    )
    return str(json.loads(printed)["citations"][0]["text"])


@pytest.mark.timeout(3600)
def test_an_empty_machine_is_installed_used_destroyed_and_restored(roots: tuple[Path, Path], source: Path) -> None:
    first = new_machine(roots[0], source)
    try:
        first.run(block("install"), online=True)
        for name in ("pages", "start"):
            first.run(block(name))
        first.run(at_a_terminal(block("account"), PASSWORD))
        put_behind_nginx(first)
        sign_in(first)
        answer = ask(first)
        assert "sport" in answer
        assert float(first.run("systemd-analyze security footnote --no-pager | tail -1").split()[-3]) <= 3.0
        assert first.run("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:7860/metrics") == "404"
        first.run("sleep 2")  # the journal writes behind the answer
        before = first.run("footnote journal export")
        assert "sport again" in before
        first.run(block("backup"))
        kept = next((roots[0] / "var/backups/footnote").glob("*.tar.gz"))
        backup = Path(shutil.copy(kept, source.parent))
    finally:
        first.destroy()

    second = new_machine(roots[1], source)
    try:
        second.run(block("install"), online=True)
        shutil.copy(backup, roots[1] / "var/backups/footnote")
        second.run("chown footnote: /var/backups/footnote/*")
        for name in ("restore", "start"):
            second.run(block(name))
        put_behind_nginx(second)
        sign_in(second)
        assert ask(second) == answer
        second.run("sleep 2")
        assert before.splitlines()[0] in second.run("footnote journal export")
        assert second.run("stat --format=%U:%a /var/lib/footnote") == "footnote:700\n"
    finally:
        second.destroy()
