"""How `make` installs Footnote, with stand-ins for pip and uv in place of the indexes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# It writes down what it is asked to run, and fails like pip or uv where an index cannot be reached.
STAND_IN = """#!/bin/sh
echo "$*" >> ran
case "$*" in
*"{unreachable}"*) exit 1 ;;
esac
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pip installs everything")


def install(folder: Path, unreachable: str) -> tuple[str, list[str]]:
    """Run the recipe where a command that holds a text fails; return what it prints and what it runs."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(STAND_IN.format(unreachable=unreachable))
    python.chmod(0o755)
    command = ["make", "--silent", ".venv/installed"]
    done = subprocess.run(command, check=True, cwd=folder, capture_output=True, text=True)
    assert (folder / ".venv" / "installed").exists()
    return done.stdout, (folder / "ran").read_text().splitlines()


def test_linux_gets_pytorch_for_the_processor_from_its_own_index(tmp_path: Path) -> None:
    printed, (uv, attempt, installed, _) = install(tmp_path, unreachable="nothing")
    assert "with PyTorch for the processor: a download of 0.5 GB" in printed
    assert uv.endswith("--quiet uv")
    assert attempt.endswith("--quiet --dry-run --no-deps uv torch==2.13.0")
    assert "--torch-backend cpu" in attempt
    assert installed.startswith("-m uv pip install --python .venv/bin/python --torch-backend cpu ")
    assert installed.endswith("--constraint constraints.txt --editable .")


@pytest.mark.parametrize("unreachable", ["--dry-run", "--quiet uv"])
def test_where_that_index_cannot_be_reached_pip_installs_all(tmp_path: Path, unreachable: str) -> None:
    printed, ran = install(tmp_path, unreachable)
    assert "PyTorch's index cannot be reached" in printed
    assert "of several with a PyTorch for graphics cards" in printed
    assert ran[-2].startswith("-m pip install ")
    assert ran[-2].endswith("--no-compile --editable .")
    assert not any("uv pip" in line for line in ran if "--dry-run" not in line)


def test_an_installation_that_fails_is_not_taken_for_done(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        install(tmp_path, unreachable="--editable")
    assert not (tmp_path / ".venv" / "installed").exists()
