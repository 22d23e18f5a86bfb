"""Two real servers with one database and one folder behind nginx, of which one is killed again and again.

Visitors ask and send feedback meanwhile, and pages are published. What is counted:

- requests that failed, beside those that were open when a server was killed,
- answers that cite another page than the one asked about, or pages of two editions at once, or of one that both servers
  had left behind,
- feedback that was acknowledged and is not in the journal, and answers that are not in it,
- how long the two servers take to serve what was published.

    python -m benchmarks.two_servers --seconds 120

It needs PostgreSQL, nginx, and the example deploy/nginx/two-servers.conf.
"""

import argparse
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from threading import Event, Lock, Thread
from typing import Final, Self

import httpx
import psycopg

from benchmarks import nginx
from benchmarks.performance.processes import free_port
from benchmarks.postgresql import is_installed, postgresql_server
from chatbot.indexing import Encoder, build_index, load_encoder
from chatbot.settings import shared_database
from chatbot.staff import AccountStore, Role, staff_database

__all__ = ["Cluster", "Figures", "run"]

ROOT: Final = Path(__file__).parents[1]
_PAGES: Final = {
    "parking": ("Where can I park?", "You can park behind the clinic, in the spaces with a blue sign"),
    "anaesthesia": ("Which cream numbs the skin?", "We numb the skin with a lidocaine cream for half an hour"),
    "swelling": ("How long does the swelling last?", "The swelling goes down within three days if you cool it"),
    "payment": ("Can I pay by card?", "You can pay by card, in cash or by bank transfer within two weeks"),
    "children": ("From which age do you treat acne scars?", "We treat acne scars from the age of eighteen"),
    "sunscreen": ("When may I go into the sun again?", "Keep out of the sun for four weeks and wear sunscreen"),
    "cancelling": ("How do I cancel my appointment?", "Please cancel your appointment a day ahead by telephone"),
    "consultation": ("Who gives the first consultation?", "Our senior dermatologist gives each first consultation"),
}
_PASSWORD: Final = "a password of the benchmark"  # noqa: S105 -- of nobody
_ADDRESSES: Final = "127.0.1."  # each visitor has an address of their own
_PATIENCE: Final = 120.0  # seconds until a server must be ready
_READY: Final = 0.1  # seconds between two looks whether it is


@dataclass
class Figures:
    """What visitors and the database saw; the names say it."""

    requests: int = 0
    failed: int = 0
    open_at_kills: int = 0
    kills: int = 0
    published: int = 0
    answers: int = 0
    answers_not_written: int = 0
    mixed: int = 0
    foreign: int = 0
    left_behind: int = 0
    feedback: int = 0
    feedback_lost: int = 0
    feedback_unknown: int = 0
    looked_in: int = 0
    signed_out: int = 0
    milliseconds: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    taken_up: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Cluster:
    """Two servers behind nginx; a context in which they run."""

    def __init__(self, folder: Path, database: str, encoder: Encoder) -> None:
        """Take an empty folder, which the servers share, and the address of an empty database."""
        self.folder = folder
        self.database = database
        self.edition = 0
        self._encoder = encoder
        self._ports = [free_port(), free_port()]
        self._processes: list[subprocess.Popen[bytes] | None] = [None, None]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Publish a first edition, and start both servers and nginx."""
        (self.folder / "corpus").mkdir(parents=True)
        (self.folder / "clinic.toml").write_text('name = "Clinic"\n[sites]\nrequests_per_minute = 6000\n', "utf-8")
        self.publish()
        accounts = staff_database(self.folder, shared_database(self.database, "staff"))
        AccountStore(accounts).add("anna", Role.EDITOR, _PASSWORD)
        accounts.close()
        for number in range(2):
            self._stack.callback(self.kill, number)
            self.start(number)
        self.address = self._stack.enter_context(_behind_nginx(self.folder / "nginx", self._ports))
        for number in range(2):
            self.wait_until_ready(number)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all of them."""
        self._stack.close()

    @property
    def running(self) -> list[int]:
        """The numbers of the servers that run."""
        return [number for number, process in enumerate(self._processes) if process]

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses of the servers themselves, without nginx."""
        return tuple(f"http://127.0.0.1:{port}" for port in self._ports)

    def publish(self) -> str:
        """Write a new edition of all pages, build it and return the name of the build."""
        self.edition += 1
        for name, (_, sentence) in _PAGES.items():
            text = f"# {name.capitalize()}\n\n{sentence}, says edition {self.edition} of this page.\n"
            (self.folder / "corpus" / f"{name}.md").write_text(text, "utf-8")
        return build_index(self.folder / "corpus", self.folder / "index", self._encoder).build.manifest.id

    def start(self, number: int) -> None:
        """Start a server, which takes seconds until it is ready."""
        settings = {
            "PORT": str(self._ports[number]),
            "DATABASE": self.database,
            "CORPUS": str(self.folder / "corpus"),
            "INDEX": str(self.folder / "index"),
            "CLINIC": str(self.folder / "clinic.toml"),
            "STAFF_DIR": str(self.folder / "staff"),
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        named = {f"FOOTNOTE_{name}": value for name, value in settings.items()}
        with (self.folder / f"server-{number}.log").open("ab") as log:
            self._processes[number] = subprocess.Popen(
                [sys.executable, "-m", "chatbot", "serve"],
                cwd=ROOT,
                env={**os.environ, **named, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self, number: int) -> None:
        """End a server in the middle of whatever it does."""
        process = self._processes[number]
        if process:
            process.send_signal(signal.SIGKILL)
            process.wait()
            self._processes[number] = None

    def build_of(self, number: int) -> str | None:
        """Return the build that a server serves, or None while it is not ready."""
        with suppress(httpx.TransportError):
            response = httpx.get(f"{self.servers[number]}/api/ready", timeout=10)
            return str(response.json()["build"]) if response.is_success else None
        return None

    def wait_until_ready(self, number: int) -> float:
        """Return the seconds until a server is ready; raises `RuntimeError` with its log where it is not in time."""
        start = time.monotonic()
        while self.build_of(number) is None:
            process = self._processes[number]
            if time.monotonic() - start > _PATIENCE or process is None or process.poll() is not None:
                raise RuntimeError((self.folder / f"server-{number}.log").read_text("utf-8"))
            time.sleep(_READY)
        return time.monotonic() - start


class _Run:
    """One run of all visitors, and what they saw."""

    def __init__(self, cluster: Cluster) -> None:
        self.figures = Figures()
        self.stop = Event()
        self._cluster = cluster
        self._lock = Lock()
        self._open = 0
        self._oldest = 1  # the edition that both servers serve at least
        self.given: set[str] = set()  # answers, by their ids
        self.rated: dict[str, bool] = {}  # acknowledged feedback, by the answers' ids
        origin, form = {"Origin": cluster.address}, {"name": "anna", "password": _PASSWORD}
        self._session = httpx.post(f"{cluster.address}/staff/sign-in", data=form, headers=origin, timeout=60).cookies

    def visit(self, number: int) -> None:
        """Ask and rate as a visitor until the end, with pauses."""
        choose = random.Random(number)
        names = list(_PAGES)
        transport = httpx.HTTPTransport(local_address=f"{_ADDRESSES}{number + 1}")
        with httpx.Client(base_url=self._cluster.address, timeout=60, transport=transport) as client:
            while not self.stop.wait(choose.uniform(0.2, 1.0)):
                name = choose.choice(names)
                oldest, began = self._oldest, time.monotonic()
                response = self._send(client, "/api/ask", {"question": _PAGES[name][0]})
                if response is None:
                    continue
                with self._lock:
                    self.figures.milliseconds.append(1000 * (time.monotonic() - began))
                    self._judge(name, response.json(), oldest)
                if choose.random() < 0.5:
                    time.sleep(0.3)
                    self._rate(client, response.json()["answer_id"], helpful=choose.random() < 0.5)

    def look_in(self) -> None:
        """Open the console again and again, as somebody does who has signed in once."""
        with httpx.Client(base_url=self._cluster.address, timeout=60, cookies=self._session) as client:
            while not self.stop.wait(0.5):
                with suppress(httpx.TransportError):
                    self.figures.signed_out += client.get("/staff/").status_code in {303, 401}
                    self.figures.looked_in += 1

    def kill(self, number: int) -> None:
        """Kill a server."""
        with self._lock:
            self.figures.open_at_kills += self._open
        self._cluster.kill(number)
        self.figures.kills += 1

    def restart(self, number: int) -> None:
        """Start a server again, and wait until it is ready."""
        self._cluster.start(number)
        self.figures.starts.append(self._cluster.wait_until_ready(number))

    def publish(self) -> None:
        """Publish, and wait until the servers serve it that run."""
        build, start = self._cluster.publish(), time.monotonic()
        while any(self._cluster.build_of(number) != build for number in self._cluster.running):
            if time.monotonic() - start > _PATIENCE:
                raise RuntimeError("What was published is not served.")
            time.sleep(_READY)
        self.figures.published += 1
        self.figures.taken_up.append(time.monotonic() - start)
        self._oldest = self._cluster.edition

    def count_rows(self) -> None:
        """Compare the answers that visitors got with what the journal holds."""
        time.sleep(1)  # the last questions are written
        with psycopg.connect(self._cluster.database) as connection:
            rows = connection.execute("SELECT answer_id, helpful FROM footnote_journal.questions").fetchall()
        held: dict[str, bool | None] = dict(rows)
        self.figures.answers_not_written = len(self.given - held.keys())
        self.figures.feedback_lost = sum(held.get(id_) is not helpful for id_, helpful in self.rated.items())

    def _judge(self, name: str, answer: dict[str, object], oldest: int) -> None:
        citations = answer["citations"]
        if not isinstance(citations, list):
            raise TypeError(type(citations))
        editions = {int(number) for cited in citations for number in re.findall(r"edition (\d+)", cited["text"])}
        self.given.add(str(answer["answer_id"]))
        self.figures.answers += 1
        self.figures.mixed += len(editions) > 1
        self.figures.foreign += not citations or citations[0]["document"] != f"{name}.md"
        self.figures.left_behind += bool(editions) and min(editions) < oldest

    def _rate(self, client: httpx.Client, answer_id: str, *, helpful: bool) -> None:
        body = {"answer_id": answer_id, "helpful": helpful}
        response = self._send(client, "/api/feedback", body, known=(404,))
        if response is None:
            return
        with self._lock:
            if response.status_code == 404:  # its server was killed before it had written the answer down
                self.figures.feedback_unknown += 1
            else:
                self.figures.feedback += 1
                self.rated[answer_id] = helpful

    def _send(
        self, client: httpx.Client, path: str, body: dict[str, object], known: Sequence[int] = ()
    ) -> httpx.Response | None:
        """Send a request and return its response; count it, and None for one that fails."""
        with self._lock:
            self._open += 1
        try:
            response = client.post(path, json=body)
            is_fine = response.is_success or response.status_code in known
            failure = "" if is_fine else f"{path} {response.status_code} {response.text}"
        except httpx.TransportError as error:
            failure = f"{path} {type(error).__name__}"
        with self._lock:
            self._open -= 1
            self.figures.requests += 1
            if failure:
                self.figures.failed += 1
                self.figures.failures.append(failure)
        return None if failure else response


def run(cluster: Cluster, seconds: float, visitors: int, every: float, *, restart: bool = True) -> Figures:
    """Let visitors ask for some seconds, while a server is killed and an edition published every so many of them.

    Without `restart`, the killed server stays away, and its death is the only one.
    """
    going = _Run(cluster)
    threads = [Thread(target=going.visit, args=(number,), daemon=True) for number in range(visitors)]
    threads.append(Thread(target=going.look_in, daemon=True))
    for thread in threads:
        thread.start()
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        began = time.monotonic()
        if restart or not number:
            going.kill(number % 2)  # the other one is ready: what is shown is that it is enough
        if restart:
            going.restart(number % 2)
        going.publish()
        number += 1
        time.sleep(max(0.0, min(began + every, end) - time.monotonic()))
    going.stop.set()
    for thread in threads:
        thread.join()
    going.count_rows()
    return going.figures


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--every", type=float, default=10, help="seconds between two kills")
    options = parser.parse_args()
    if not (is_installed() and nginx.found()):
        sys.exit("PostgreSQL and nginx are needed (Debian: apt-get install postgresql nginx-light).")
    with (
        tempfile.TemporaryDirectory(prefix="footnote-two-") as folder,
        postgresql_server() as database,
        Cluster(Path(folder), database, load_encoder()) as cluster,
    ):
        figures = run(cluster, options.seconds, options.visitors, options.every)
    print(_table(figures, options.seconds, options.visitors))
    sys.exit(not _is_good(figures))


def _is_good(figures: Figures) -> bool:
    wrong = figures.mixed + figures.foreign + figures.left_behind + figures.feedback_lost + figures.signed_out
    return wrong == 0 and figures.failed <= figures.open_at_kills


def _table(figures: Figures, seconds: float, visitors: int) -> str:
    cuts = quantiles(figures.milliseconds, n=100)
    rows = {
        f"requests of {visitors} visitors in {seconds:.0f} s": figures.requests,
        "kills, each after the other server was ready": figures.kills,
        "open when a server was killed": figures.open_at_kills,
        "failed": f"{figures.failed} {figures.failures[:5] or ''}",
        "answers": figures.answers,
        "answers of mixed editions, foreign, left behind": f"{figures.mixed}, {figures.foreign}, {figures.left_behind}",
        "answers that the journal does not hold": figures.answers_not_written,
        "feedback that was acknowledged": figures.feedback,
        "of it lost": figures.feedback_lost,
        "feedback on an answer that the journal does not hold": figures.feedback_unknown,
        "looks into the console, and those that found nobody signed in": f"{figures.looked_in}, {figures.signed_out}",
        "published": figures.published,
        "seconds until both servers served it, median and most": _spread(figures.taken_up),
        "seconds until a killed server was ready, median and most": _spread(figures.starts),
        "milliseconds of an answer, p50 and p95": f"{cuts[49]:.0f}, {cuts[94]:.0f}",
    }
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join([f"| {machine} | |", "|---|---|", *lines])


def _spread(values: Sequence[float]) -> str:
    return f"{sorted(values)[len(values) // 2]:.1f}, {max(values):.1f}" if values else "-"


@contextmanager
def _behind_nginx(folder: Path, ports: Sequence[int]) -> Iterator[str]:
    """Run nginx as the example has it, but without TLS; yield its address."""
    program, port = nginx.found(), free_port()
    if program is None:
        raise RuntimeError("There is no nginx here.")
    (folder / "conf.d").mkdir(parents=True)
    text = (nginx.EXAMPLES / "two-servers.conf").read_text("utf-8")
    for old, new in {
        "10.0.0.11:7860": f"127.0.0.1:{ports[0]}",
        "10.0.0.12:7860": f"127.0.0.1:{ports[1]}",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port};",
        "/var/log/nginx/footnote.log": f"{folder}/footnote.log",
    }.items():
        text = text.replace(old, new)
    text = re.sub(r"(?m)^  (listen \[::\]|ssl_).*\n", "", text)
    (folder / "conf.d" / "two-servers.conf").write_text(text, "utf-8")
    shutil.copy(nginx.EXAMPLES / "00-footnote.conf", folder / "conf.d")
    with nginx.running(program, nginx.write_main(folder)):
        yield f"http://127.0.0.1:{port}"


if __name__ == "__main__":
    main()
