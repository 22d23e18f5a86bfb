"""A PostgreSQL server that lives as long as a test or a benchmark, where its programs are installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["is_installed", "postgresql_server"]


def is_installed() -> bool:
    """Return whether a server can be started here."""
    return _pg_ctl().exists()


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Start a server that only this user reaches, and yield the address of its first database."""
    programs = _pg_ctl().parent
    folder = Path(tempfile.mkdtemp(prefix="footnote-"))  # not in pytest's own, which the user postgres may not enter
    as_postgres: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to be run by root
        shutil.chown(folder, "postgres")
        as_postgres = ["runuser", "-u", "postgres", "--"]

    def run(*command: str) -> None:
        subprocess.run(
            [*as_postgres, *command], check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    data, pg_ctl = str(folder / "data"), str(programs / "pg_ctl")
    run(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "footnote", "-E", "UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    run(pg_ctl, "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"postgresql://footnote@/postgres?host={folder}"
    finally:
        run(pg_ctl, "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _pg_ctl() -> Path:
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return homes[-1] if homes else Path(shutil.which("pg_ctl") or "/nowhere")
