import os
import subprocess
import sys

from tests.conftest import ROOT


def test_a_killed_change_of_pages_is_whole_or_undone_after_the_next_start() -> None:
    chosen = ["--every", "--step", "31", "--actions", "publish", "go back", "--starts", "build"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kills", *chosen],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kills, recoveries, finished, taken_back, _, *faults = map(int, done.stdout.splitlines()[-1].split("|")[2:-1])
    assert kills == finished + taken_back
    assert min(recoveries, finished, taken_back) > 0
    assert faults == [0] * 6
