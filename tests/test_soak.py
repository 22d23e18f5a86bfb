"""A minute of `make soak`: visitors, attackers, builds and a kill, on a real server."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.model
@pytest.mark.timeout(240)  # seconds: a minute, two starts of a server, and a busy machine
def test_a_minute_of_visitors_attackers_builds_and_a_kill_loses_nothing() -> None:
    options = ["--minutes", "1", "--visitors", "6", "--kill-every", "30", "--publish-every", "20"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", *options], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row.split("|")[1].strip(): row.split("|")[2].strip() for row in done.stdout.splitlines() if row[:2] == "| "}
    assert rows["failed"] == "0"
    assert int(rows["builds published, kills"].split(", ")[1]) >= 1
    assert int(rows["questions answered"].split(",")[0]) > 20
    assert int(rows["feedback acknowledged"]) > 0
    assert {row for row in rows if row.startswith("junk")} >= {"junk 400", "junk 413"}
