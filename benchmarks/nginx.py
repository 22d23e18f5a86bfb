"""A real nginx for as long as a test or a benchmark lasts, configured by the examples in deploy/nginx/."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["EXAMPLES", "found", "running", "write_main"]

EXAMPLES: Final = Path(__file__).parents[1] / "deploy" / "nginx"
_MAIN: Final = """daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  access_log off;
  include {folder}/conf.d/*.conf;
}}
"""


def found() -> str | None:
    """Return the path of nginx, or None where there is none."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def write_main(folder: Path) -> Path:
    """Write the main file of a configuration whose sites stand in the folder's `conf.d`; return its path."""
    path = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # its workers must reach the folder
    path.write_text(_MAIN.format(folder=folder, user=user), "utf-8")
    return path


@contextmanager
def running(program: str, main: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run nginx with a main file that `write_main` wrote."""
    command = [program, "-e", str(main.with_name("error.log")), "-c", str(main)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)
