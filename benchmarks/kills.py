"""Kill publishing, and all else that writes, at any moment, and see what the next start makes of it.

`python -m benchmarks.kills` publishes, withdraws, goes back and takes in a crawl in a process of its own, kills it with
SIGKILL at a random moment, starts the next one, and compares: all of the change must be there or nothing. `--every`
kills at each single operation on files instead, one after another. `--elsewhere N` kills builds and crawls of the
command line, and now and then a server to which a visitor gives feedback.
"""

import argparse
import hashlib
import json
import logging
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

from chatbot.answering import Pipeline
from chatbot.bot import Chatbot, load_pipeline
from chatbot.cli.building import pages_at_rest
from chatbot.clinic import Clinic
from chatbot.crawling import PageChanges
from chatbot.errors import FootnoteError, IndexingError
from chatbot.indexing import build_index, current, kept_builds, open_build
from chatbot.reading import corpus_digest
from chatbot.settings import Settings, load_settings
from chatbot.staff import (
    Account,
    AuditLog,
    ContentPaths,
    Drafts,
    IndexHealer,
    IntentLog,
    PageForm,
    Publisher,
    Role,
    staff_database,
)
from tests.conftest import WordEncoder

__all__ = ["ACTIONS", "FAULTS", "Clinics", "Trial", "run_elsewhere", "run_every", "run_random"]

_EDITOR: Final = Account("alice", Role.EDITOR)
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_OPERATIONS: Final = frozenset(
    {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "shutil.copyfile"}
)
_SITE: Final = "clinic.example"
_STARTS: Final = ("serve", "build")
FAULTS: Final = ("apart", "half published", "without record", "draft lost", "torn", "other")
"""What a state can be that is neither the one before the change nor the one after it."""
_SERVER_EACH: Final = 25  # of so many kills elsewhere one is of a server, which takes long to start
_JSON: Final = {"Content-Type": "application/json"}
_ELSEWHERE: Final = ("acknowledged row lost", "torn", "no whole build", "apart", "half published", "other")


State = dict[str, object]
"""All that a change of the pages touches, without the times."""


@dataclass
class Trial:
    """One kill: the action, the next start, whether it was killed in the write phase, and what was wrong afterwards."""

    action: str
    start: str
    moment: str
    killed: bool = False
    recoveries: int = 0
    acknowledged: int = 0
    result: str = ""
    faults: list[str] = field(default_factory=list)


def _settings(root: Path) -> Settings:
    names = {
        "FOOTNOTE_CORPUS": "corpus",
        "FOOTNOTE_INDEX": "index",
        "FOOTNOTE_STAFF_DIR": "staff",
    }
    return load_settings({name: str(root / folder) for name, folder in names.items()})


def _place(root: Path) -> ContentPaths:
    return ContentPaths(root / "corpus", root / "index", root / "staff")


def _publisher(root: Path, pipeline: Pipeline) -> Publisher:
    place, database = _place(root), staff_database(root / "staff")
    bot = Chatbot(place.corpus, place.index, pipeline.tools.encoder, Clinic(), pipeline)
    return Publisher(bot, place, Drafts(database), AuditLog(database))


def _prepare(root: Path, pipeline: Pipeline) -> None:
    """Make a clinic of nine pages that was published twice, with drafts that add, replace and withdraw pages."""
    place = _place(root)
    place.corpus.mkdir()
    for number in range(7):
        (place.corpus / f"page{number}.md").write_text(f"# Page {number}\n\nThe swelling of kind {number} fades.\n")
    for number in (1, 2):
        (place.corpus / f"page{number}.md.yaml").write_text(f"title: About {number}\nreviewed: 2026-01-31\n")
    (place.corpus / _SITE).mkdir()
    for name in ("index.html", "fees.html"):
        (place.corpus / _SITE / name).write_text(f"<main><h1>{name}</h1><p>A visit costs 50 pounds.</p></main>")
    build_index(place.corpus, place.index, pipeline.tools.encoder)
    publisher = _publisher(root, pipeline)
    publisher.stage(_EDITOR, PageForm("Parking", "", "", "Free parking is behind the house."))
    publisher.stage(_EDITOR, PageForm("Page 0", "", "", "The swelling fades soon."), "page0.md")
    publisher.withdraw(_EDITOR, "page6.md")
    publisher.publish(_EDITOR, _silent)


def _stage(root: Path, action: str, pipeline: Pipeline) -> None:
    """Prepare what an action publishes."""
    publisher = _publisher(root, pipeline)
    if action in {"publish", "withdraw"}:
        publisher.withdraw(_EDITOR, "page1.md")
        publisher.withdraw(_EDITOR, "page3.md")
    if action == "publish":
        publisher.stage(_EDITOR, PageForm("Lift", "", "", "There is a lift at the door."))
        publisher.stage(_EDITOR, PageForm("Fees", "", "", "A visit costs 60 pounds."))
        for number in (2, 4):
            publisher.stage(
                _EDITOR, PageForm(f"New {number}", "", "", f"It fades in {number} days."), f"page{number}.md"
            )


def _act(root: Path, action: str, pipeline: Pipeline, begun: Callable[[], object]) -> None:
    """Do an action; `begun` is called when its write phase begins."""
    publisher = _publisher(root, pipeline)

    def progress(_done: int, _total: int, step: str) -> None:
        if step == "Publishing":
            begun()

    if action == "go back":
        begun()
        publisher.go_back(_EDITOR)
    elif action in {"crawl", "crawl command"}:
        changes = PageChanges(root / "crawled")
        for name in ("fees.html", "team.html"):
            page = f"<main><h1>{name}</h1><p>We are ten people.</p></main>".encode()
            changes.put(name, page, {"source": f"https://{_SITE}/{name}", "url": f"https://{_SITE}/{name}"})
        changes.removed.add("index.html")
        remembered = {f"{_SITE}/.crawl.json": '{"format": 1}'}
        begun()
        if action == "crawl":
            publisher.publish_crawl({_SITE: changes}, remembered)
        else:
            settings = _settings(root)
            with pages_at_rest(settings):
                IntentLog.of(settings).take_in({_SITE: changes}, remembered)
            with pages_at_rest(settings):
                build_index(settings.corpus, settings.index, pipeline.tools.encoder)
    else:
        publisher.publish(_EDITOR, progress)


ACTIONS: Final = ("publish", "withdraw", "go back", "crawl", "crawl command")
"""What is killed; `crawl` is that of the server, and `crawl command` that of the command line."""


def _start(root: Path, how: str, pipeline: Pipeline) -> None:
    """Start the next process as `serve` or `build` would."""
    settings = _settings(root)
    if how == "serve":
        healer = IndexHealer.open(settings, pipeline)
        healer.look()
        if healer.bot.outdated:
            raise healer.bot.outdated
    else:
        with pages_at_rest(settings):
            build_index(settings.corpus, settings.index, pipeline.tools.encoder)


def _silent(_done: int, _total: int, _step: str) -> None:
    """Show no progress."""


def _digests(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _state(root: Path) -> State:
    place, database = _place(root), staff_database(root / "staff")
    torn: list[str] = []
    build, builds = current(place.index), {current(place.index), *kept_builds(place.index)}
    for name in builds:
        try:
            open_build(place.index, name)
        except IndexingError as error:
            torn.append(str(error))
    with suppress(FootnoteError):
        apart = open_build(place.index, build).manifest.corpus != corpus_digest(place.corpus)
    if IntentLog.of(_settings(root)).is_pending:
        torn.append("the intent is still there")
    kept, withdrawn = root / "staff" / "kept", root / "staff" / "withdrawn"
    log = AuditLog(database)
    entries = [log.get(change.id) for change in log.latest()]
    return {
        "corpus": _digests(place.corpus),
        "build": build,
        "builds": sorted(builds),
        "kept": {folder.name: _digests(folder) for folder in kept.iterdir()},
        "withdrawn": sorted((_digests(folder) for folder in withdrawn.iterdir()), key=str),
        "drafts": [(draft.page, draft.text) for draft in Drafts(database).all()],
        "log": [(change.account, change.subject, change.summary, change.before, change.after) for change in entries],
        "torn": torn,
        "apart": apart,
    }


def _faults(state: State, before: State, after: State) -> list[str]:
    """Return what is wrong with a state that is neither of two others."""
    if state in (before, after):
        return []
    expected = after if state["corpus"] == after["corpus"] else before
    corpus = state["corpus"]
    wrong = {
        "apart": state["apart"],
        "half published": corpus not in (before["corpus"], after["corpus"]),
        "without record": state["log"] != expected["log"],
        "draft lost": state["drafts"] != expected["drafts"],
        "torn": bool(state["torn"]) or "/.draft-" in json.dumps(corpus).replace('"', "/"),
    }
    unlike = [name for name in state if state[name] != expected[name]]
    return [name for name, found in wrong.items() if found] or ["other", *unlike]


def _in_child(function: Callable[[], object]) -> object:
    """Run a function in a process of its own and return its result, which JSON can hold; raises `ChildProcessError`."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with _child_of(writer) as answer:
            answer.write(json.dumps(function()))
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    if os.waitpid(child, 0)[1]:
        raise ChildProcessError("a process that nobody killed failed")
    return json.loads(text)


@contextmanager
def _child_of(writer: int) -> Iterator[IO[str]]:
    """Be a child process until the block ends, and end with it."""
    code = 1
    try:
        with os.fdopen(writer, "w") as answer:
            yield answer
        code = 0
    except BaseException:  # noqa: BLE001 - this process ends here, whatever happens
        traceback.print_exc()
    finally:
        os._exit(code)


class _Counter:
    """Counts operations on the files below a folder, and kills the process before one of them."""

    def __init__(self, root: Path, last: int | None = None) -> None:
        self._root = f"{root}/"
        self._last = last
        self.count = 0
        self.counting = False
        sys.addaudithook(self._hook)

    def start(self) -> None:
        self.counting = True

    def _hook(self, event: str, args: tuple[object, ...]) -> None:
        if not self.counting or not (event in _OPERATIONS or event == "open"):
            return
        if event == "open" and not (isinstance(args[2], int) and args[2] & _WRITES):
            return
        if isinstance(args[0], str | Path) and str(args[0]).startswith(self._root):
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
            self.count += 1


def _operations(root: Path, action: Callable[[Callable[[], object]], object]) -> int:
    """Return how many operations on files an action takes from when its write phase begins."""

    def run() -> int:
        counter = _Counter(root)
        action(counter.start)
        return counter.count

    return int(str(_in_child(run)))


def _killed_at(root: Path, action: Callable[[Callable[[], object]], object], operation: int) -> bool:
    """Run an action and kill it before an operation; return whether it was killed."""
    child = os.fork()
    if child == 0:
        with _child_of(os.open(os.devnull, os.O_WRONLY)):
            action(_Counter(root, operation).start)
    return _was_killed(child)


def _killed_after(action: Callable[[Callable[[], object]], object], seconds: float) -> bool:
    """Run an action and kill it some seconds after its write phase began; return whether it was killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with _child_of(writer) as answer:
            action(lambda: os.write(answer.fileno(), b"."))
    os.close(writer)
    os.read(reader, 1)  # until it begins, or has ended
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.close(reader)
    return _was_killed(child)


def _was_killed(child: int) -> bool:
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise ChildProcessError("what was to be killed failed by itself")
    return os.WIFSIGNALED(status)


class Clinics:
    """Clinics that are ready for each action, with what they look like before and after it."""

    def __init__(self, folder: Path, actions: Sequence[str] = ACTIONS) -> None:
        """Prepare them in a folder."""
        self.folder = folder
        self.pipeline = load_pipeline(WordEncoder())
        self.states: dict[str, tuple[State, State]] = {}
        self.seconds: dict[str, float] = {}
        for action in actions:
            root = self._template(action)
            root.mkdir(parents=True)
            self._child(_prepare, root)
            self._child(_stage, root, action)
            before = self.state(root)
            done = self.copy(action)
            self.seconds[action] = float(str(_in_child(partial(self._timed, done, action))))
            self.states[action] = before, self.state(done)
            shutil.rmtree(done)

    def copy(self, action: str) -> Path:
        """Return a fresh clinic."""
        root = self.folder / "trial"
        shutil.rmtree(root, ignore_errors=True)
        return Path(shutil.copytree(self._template(action), root, symlinks=True))

    def act(self, root: Path, action: str, begun: Callable[[], object]) -> None:
        """Do an action."""
        _act(root, action, self.pipeline, begun)

    def start(self, root: Path, how: str, begun: Callable[[], object]) -> None:
        """Start the next process."""
        begun()
        _start(root, how, self.pipeline)

    def state(self, root: Path) -> State:
        """Return all that a change touches."""
        state = _in_child(lambda: _state(root))
        return dict(state) if isinstance(state, dict) else {}

    def recover(self, trial: Trial, root: Path, action: str = "") -> None:
        """Start the next process, nobody killing it, and note what is wrong then."""
        self._child(_start, root, trial.start)
        before, after = self.states[action or trial.action]
        state = self.state(root)
        trial.faults += _faults(state, before, after)
        trial.result = "after" if state["corpus"] == after["corpus"] else "before"

    def _template(self, action: str) -> Path:
        return self.folder / action.replace(" ", "-")

    def _child(self, function: Callable[..., object], *arguments: object) -> None:
        _in_child(lambda: function(*arguments, self.pipeline))

    def _timed(self, root: Path, action: str) -> float:
        begun: list[float] = []
        self.act(root, action, lambda: begun.append(time.perf_counter()))
        return time.perf_counter() - begun[0]


def run_every(clinics: Clinics, action: str, start: str, step: int = 1, seed: int = 1) -> Iterator[Trial]:
    """Kill an action before each `step`th of its operations on files, and its recovery somewhere, too."""
    chance = random.Random(seed)
    root = clinics.copy(action)
    total = _operations(root, partial(clinics.act, root, action))
    for operation in range(seed % step, total, step):
        root = clinics.copy(action)
        trial = Trial(action, start, f"operation {operation} of {total}")
        trial.killed = _killed_at(root, partial(clinics.act, root, action), operation)
        if _killed_at(root, partial(clinics.start, root, start), chance.randrange(40)):
            trial.recoveries += 1
        clinics.recover(trial, root)
        yield trial


def run_random(clinics: Clinics, kills: int, seed: int = 1, actions: Sequence[str] = ACTIONS) -> Iterator[Trial]:
    """Kill actions at random moments of their write phase, and one recovery of three, too."""
    chance = random.Random(seed)
    while kills:
        action, start = chance.choice(actions), chance.choice(_STARTS)
        root = clinics.copy(action)
        seconds = chance.uniform(0, clinics.seconds[action])
        trial = Trial(action, start, f"{1e3 * seconds:.1f} ms")
        trial.killed = _killed_after(partial(clinics.act, root, action), seconds)
        if chance.random() < 1 / 3 and _killed_after(
            partial(clinics.start, root, start), chance.uniform(0, clinics.seconds[action])
        ):
            trial.recoveries += 1
        clinics.recover(trial, root)
        kills -= trial.killed
        yield trial


def run_elsewhere(clinics: Clinics, kills: int, seed: int = 1) -> Iterator[Trial]:
    """Kill a server, builds and crawls in turns, at random moments."""
    chance = random.Random(seed)
    for number in range(kills):
        if number % _SERVER_EACH == 0:
            yield _kill_server(clinics, chance)
        elif number % 2:
            yield _kill_build(clinics, chance, fresh=chance.random() < 1 / 3)
        else:
            yield from run_random(clinics, 1, chance.randrange(2**32), ["crawl command"])


def _kill_server(clinics: Clinics, chance: random.Random) -> Trial:
    """Kill a server while a visitor asks and gives feedback; what was acknowledged must be in the journal."""
    root = clinics.folder / "server"
    if not root.exists():
        shutil.copytree(clinics.copy("publish"), root)
        (root / "clinic.toml").write_text("[sites]\nrequests_per_minute = 100000\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    environment = {**os.environ, "FOOTNOTE_PORT": str(port), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "chatbot", "serve"]
    trial = Trial("serve", "serve", f"{chance.uniform(0.05, 0.6):.2f} s", killed=True)
    with subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        print(server.stdout and server.stdout.readline().decode().strip(), file=sys.stderr)
        try:
            acknowledged = _give_feedback(port, server.pid, float(trial.moment.split()[0]))
        finally:
            server.kill()
    with closing(sqlite3.connect(root / "journal" / "journal.sqlite3")) as journal:
        rows = dict(journal.execute("SELECT answer_id, helpful FROM questions"))
        (checked,) = journal.execute("PRAGMA integrity_check").fetchone()
    trial.acknowledged = len(acknowledged)
    trial.faults += ["acknowledged row lost"] * sum(rows.get(answer) != helpful for answer, helpful in acknowledged)
    trial.faults += ["torn"] * (checked != "ok" or bool(clinics.state(root)["torn"]))
    return trial


def _give_feedback(port: int, child: int, seconds: float) -> list[tuple[str, bool]]:
    """Ask and give feedback until the server is killed, some seconds after the first was taken; return what it took."""
    taken: list[tuple[str, bool]] = []
    timer = threading.Timer(seconds, os.kill, (child, signal.SIGKILL))
    with suppress(OSError, HTTPException), closing(HTTPConnection("127.0.0.1", port, timeout=60)) as client:
        while True:
            client.request("POST", "/api/ask", json.dumps({"question": f"does swelling {len(taken)} fade?"}), _JSON)
            answer = json.loads(client.getresponse().read())["answer_id"]
            helpful = len(taken) % 2 == 0
            client.request("POST", "/api/feedback", json.dumps({"answer_id": answer, "helpful": helpful}), _JSON)
            response = client.getresponse()
            response.read()
            if response.status == HTTPStatus.NO_CONTENT:
                taken.append((answer, helpful))
            if len(taken) == 1 and not timer.is_alive():
                timer.start()
    timer.cancel()
    return taken


def _kill_build(clinics: Clinics, chance: random.Random, *, fresh: bool) -> Trial:
    """Kill a build; a whole build must be served at once by the next process, and the new one in the end."""
    root = clinics.copy("publish")
    if not fresh:
        (root / "corpus" / "page5.md").write_text(f"# Page 5\n\nIt fades in {chance.randrange(100)} days.\n")
    seconds = chance.uniform(0, clinics.seconds["publish"])
    trial = Trial("build", "serve", f"{1e3 * seconds:.1f} ms")

    def build(begun: Callable[[], object]) -> None:
        begun()
        settings = _settings(root)
        with pages_at_rest(settings):
            build_index(settings.corpus, settings.index, clinics.pipeline.tools.encoder, fresh=fresh)

    trial.killed = _killed_after(build, seconds)
    wrong = str(_in_child(lambda: _healed(root, clinics.pipeline)))
    trial.result = "after"
    trial.faults = [wrong] * bool(wrong) + ["torn"] * bool(clinics.state(root)["torn"])
    return trial


def _healed(root: Path, pipeline: Pipeline) -> str:
    """Start a server, and return what is wrong: it had no build to serve at once, or serves other pages in the end."""
    place = _place(root)
    try:
        open_build(place.index, current(place.index))
        broken = False
    except IndexingError:
        broken = not any(_is_whole(place.index, name) for name in kept_builds(place.index))
    healer = IndexHealer.open(_settings(root), pipeline)
    healer.look()
    served = open_build(place.index, healer.bot.build).manifest.corpus
    return "no whole build" if broken else "apart" if served != corpus_digest(place.corpus) else ""


def _is_whole(index: Path, name: str) -> bool:
    try:
        open_build(index, name)
    except IndexingError:
        return False
    return True


def _table(trials: Sequence[Trial], *, elsewhere: bool = False) -> str:
    """Return the trials as a table of Markdown, an action a line."""
    columns = _ELSEWHERE if elsewhere else FAULTS
    head = ("action", "kills", "of recoveries, too", "finished", "taken back", "rows acknowledged", *columns)
    rows = [head, tuple("-" * len(name) for name in head)]
    for action in (*dict.fromkeys(trial.action for trial in trials), "all"):
        own = [trial for trial in trials if action in (trial.action, "all")]
        faults = Counter(fault for trial in own for fault in trial.faults)
        counts = (
            sum(trial.killed for trial in own),
            sum(trial.recoveries for trial in own),
            sum(trial.killed and trial.result == "after" for trial in own),
            sum(trial.killed and trial.result == "before" for trial in own),
            sum(trial.acknowledged for trial in own),
            *(faults[fault] for fault in columns),
        )
        rows.append((action, *map(str, counts)))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> int:
    """Kill as the arguments say, print a table, and return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300, help="of publishing, at random moments (300)")
    parser.add_argument("--every", action="store_true", help="kill before every operation on files instead")
    parser.add_argument(
        "--elsewhere", type=int, default=0, metavar="N", help="kill a server, builds and crawls instead"
    )
    parser.add_argument("--step", type=int, default=1, help="with --every: before each so many")
    parser.add_argument("--actions", nargs="+", choices=ACTIONS, default=list(ACTIONS))
    parser.add_argument("--starts", nargs="+", choices=_STARTS, default=list(_STARTS), help="the next process")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    trials: list[Trial] = []
    with TemporaryDirectory(prefix="footnote-kills-") as folder:
        clinics = Clinics(Path(folder), ["publish", "crawl command"] if options.elsewhere else options.actions)
        if options.elsewhere:
            runs: Iterator[Trial] = run_elsewhere(clinics, options.elsewhere, options.seed)
        elif options.every:
            runs = (
                trial
                for action in options.actions
                for start in options.starts
                for trial in run_every(clinics, action, start, options.step, options.seed)
            )
        else:
            runs = run_random(clinics, options.kills, options.seed, options.actions)
        for trial in runs:
            trials.append(trial)
            if trial.faults:
                print(trial, flush=True)
    print(_table(trials, elsewhere=bool(options.elsewhere)))
    return int(any(trial.faults for trial in trials))


if __name__ == "__main__":
    if os.environ.get("OMP_NUM_THREADS") != "1":  # a process of several threads must not fork
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.kills", *sys.argv[1:]], environment)  # noqa: S606 - itself
    sys.exit(main())
