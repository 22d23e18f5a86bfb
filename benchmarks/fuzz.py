"""Sends a server what nobody should, and looks for errors of the server and for internals in its replies.

    python -m benchmarks.fuzz [--inputs 10000] [--seconds 900] [--seed 1]

A server of a few pages, with a journal, a console and `/mcp`, runs in this process. Inputs go to every route, to the
events of the chat page and of the console (signed out, as a reader and as an editor), and to the tools of the MCP
server: values of every type in each field, broken and huge bodies, odd paths, headers, methods and encodings. At the
end Schemathesis tests `/openapi.json`.

It fails if a reply is 5xx, except 503 with `Retry-After`, or if one shows a traceback, a path, a module or SQL. Errors
that the server logs are listed for information.
"""

import argparse
import gzip
import json
import logging
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import build_index
from chatbot.journal import Journal
from chatbot.settings import load_settings
from chatbot.staff import AccountStore, Role, staff_database
from tests.conftest import ROOT, WordEncoder
from tests.web.conftest import serving

__all__ = ["Fuzzer", "Target", "target"]

PASSWORD: Final = "correct horse battery"  # noqa: S105 -- of nobody
JSON_TYPE: Final = "application/json"
STREAM_TIMEOUT: Final = 60.0  # seconds; a preview on a busy machine takes some
EVENTS_AT_ONCE: Final = 5  # of one page, of which each stream reads the results
NO_LIMIT: Final = 10**7  # questions a minute
PAGES: Final = {
    "peels.md": "# Chemical peels\n\n## Price\n\nA peel costs 80 pounds.\n\n## Aftercare\n\nKeep out of the sun.\n",
    "treatments/laser.md": "# Laser\n\n| day | open |\n|---|---|\n| Monday | 9 to 5 |\n| Sunday | closed |\n",
}
INTERNALS: Final = re.compile(
    r"Traceback \(most recent|\.py\b[\"',: ]|site-packages|pydantic|sqlalchemy|sqlite3\b|starlette|uvicorn"
    r"|\b(?:Value|Type|Key|Index|Attribute|Runtime|OS|Unicode\w*|Validation|Integrity|Operational|Database|Recursion"
    r"|Import|FileNotFound|Permission|Assertion|Overflow|JSONDecode)Error\b|\bchatbot\.\w+\.\w|\bSELECT\b.+\bFROM\b"
    r"|INSERT INTO|object at 0x"
)
PUBLISHED: Final = re.compile(r"(/staff)?/(assets/|look/|widget|openapi\.json|theme\.css)")  # the same for everybody
ROUTES: Final = (
    *("/", "/embed", "/demo", "/widget.js", "/widget-talk.js", "/openapi.json", "/mcp", "/theme.css", "/report"),
    *("/api/ask", "/api/feedback", "/api/health", "/api/ready", "/pages/peels.md", "/pages/treatments/laser.md"),
    *("/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/heartbeat/a", "/gradio_api/app_id"),
    *("/gradio_api/upload", "/gradio_api/file=/etc/passwd", "/assets/index.js", "/look/page.css"),
)
STAFF_ROUTES: Final = (
    *("/staff", "/staff/", "/staff/sign-in", "/staff/sign-out", "/staff/single-sign-on", "/staff/charts/questions.svg"),
    *("/staff/gradio_api/queue/join", "/staff/gradio_api/queue/data", "/staff/gradio_api/upload"),
    *("/staff/gradio_api/upload_progress", "/staff/gradio_api/file=/etc/passwd", "/staff/gradio_api/heartbeat/b"),
    *("/staff/theme.css", "/staff/assets/x", "/staff/look/x", "/staff/sign-out-everywhere"),
)
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "FOO", "get")
TEXTS: Final = (
    *("", " ", "x", "peel", "what does a peel cost?", "my chest hurts", "0", "null", "a" * 2_001, "b" * 9_000),
    *(
        "\0",
        "peel\0price",
        "\ud800",
        "\udfff peel",
        "\u202egnp.exe",
        "\u0645\u0631\u062d\u0628\u0627",
        "\ufeff",
        "\u200b",
    ),
    *("<script>alert(1)</script>", "{{7*7}}${7*7}", "' OR 1=1 --", "../../etc/passwd", "/etc/passwd", "%00", "%s%n"),
    *("peels.md", "2026-11-26", "-1", "1e400", "NaN", "\r\nX-Injected: 1", "=cmd()", "# Title\n\nText", "[a](" * 400),
    "\U0001f600" * 500,
)
SCALARS: Final[tuple[object, ...]] = (
    *(None, True, False, 0, 1, -1, 7, 2**31, 2**63, 10**30, -(10**30), 0.5, -0.0, 1e308, float("inf"), float("nan")),
    *TEXTS,
)

CLICKS: Final = (
    {"index": [0, 0], "value": "x", "row_value": ["peels.md", "peels.md"], "selected": True},
    {"index": [99, -1], "value": None, "row_value": [], "selected": False},
    {"index": 0, "value": "\0"},
)


@dataclass(frozen=True)
class Finding:
    """A reply that should not be: the group of its input, what is wrong, and what was sent."""

    group: str
    wrong: str
    sent: str


class Errors(logging.Handler):
    """Counts what the server logs as an error, by its first line and the last place of its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count a record."""
        message = record.getMessage().strip().splitlines() or [""]
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        self.lines[f"{record.name}: {message[0][:100]} {kind} {message[-1].strip()[:100]}"] += 1


@dataclass(frozen=True)
class Target:
    """A server to send inputs to: its address, the folder of its files, and the kinds of the inputs of each event."""

    address: str
    folder: Path
    chat_events: dict[int, list[str]]
    staff_events: dict[int, list[str]]


@contextmanager
def target() -> Iterator[Target]:
    """Serve a few pages with everything switched on; no limit on questions, because each address here is the same."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:  # the journal may still be written
        folder = Path(name)
        for page, text in PAGES.items():
            path = folder / "corpus" / page
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        shutil.copy(ROOT / "clinic.toml", folder)
        files = {"CORPUS": "corpus", "INDEX": "index", "CLINIC": "clinic.toml", "JOURNAL": "journal.sqlite3"}
        paths = {f"FOOTNOTE_{key}": str(folder / file) for key, file in {**files, "STAFF_DIR": "staff"}.items()}
        settings = load_settings({**paths, "FOOTNOTE_MCP": "on"})
        words = WordEncoder()
        build_index(settings.corpus, settings.index, words)
        clinic = load_clinic(settings.clinic)
        clinic = replace(clinic, sites=replace(clinic.sites, requests_per_minute=NO_LIMIT))
        bot = Chatbot(settings.corpus, settings.index, words, clinic)
        accounts = AccountStore(staff_database(settings.staff))
        for name_, role in (("alice", Role.EDITOR), ("rita", Role.READER)):
            accounts.add(name_, role, PASSWORD)
        with serving(bot, Journal.open(settings.journal, settings.retention), settings) as address:
            yield Target(address, folder, _events(address, "/", ""), _events(address, "/staff/", "alice"))


def _events(address: str, page: str, account: str) -> dict[int, list[str]]:
    """Return the kinds of components that each event of a page takes, as its configuration says."""
    client = _client(address, account)
    html = client.get(page).text
    client.close()
    match = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', html, re.DOTALL)
    if match is None:
        raise SystemExit(f"{page} holds no configuration of Gradio.")
    config: dict[str, Any] = json.loads(match[1])
    kinds = {component["id"]: component["type"] for component in config["components"]}
    return {event["id"]: [kinds[number] for number in event["inputs"]] for event in config["dependencies"]}


def _client(address: str, account: str = "") -> httpx.Client:
    client = httpx.Client(base_url=address, timeout=60, headers={"Origin": address} if account else {})
    if account and account != "nobody":
        reply = client.post("/staff/sign-in", data={"name": account, "password": PASSWORD})
        if reply.status_code != httpx.codes.SEE_OTHER:
            raise SystemExit(f"{account} cannot sign in: {reply.status_code}.")
    return client


@dataclass
class Fuzzer:
    """Sends inputs, chosen by a seed, and keeps what came back."""

    target: Target
    seed: int = 1
    sent: Counter[str] = field(default_factory=Counter)
    statuses: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._clients = {name: _client(self.target.address, name) for name in ("", "nobody", "rita", "alice")}
        folder, here = str(self.target.folder), str(ROOT)
        self._paths = re.compile("|".join(map(re.escape, (folder, here, sys.prefix, str(Path.home())))))

    def run(self, inputs: int, seconds: float = float("inf")) -> None:
        """Send inputs until their number or the time is up, at least one of each group."""
        groups: tuple[tuple[Callable[[], None], int], ...] = (
            (self._fields, 25),
            (self._bodies, 8),
            (self._addresses, 12),
            (self._headers, 8),
            (self._methods, 6),
            (self._sockets, 3),
            (lambda: self._page_events("", self.target.chat_events), 2),
            (lambda: self._page_events("nobody", self.target.staff_events), 1),
            (lambda: self._page_events("rita", self.target.staff_events), 2),
            (lambda: self._page_events("alice", self.target.staff_events), 4),
            (self._forms, 3),
            (self._uploads, 3),
            (self._messages, 14),
        )
        work, weights = zip(*groups, strict=True)
        end = time.monotonic() + seconds
        for send in work:
            send()
        while self.sent.total() < inputs and time.monotonic() < end:
            self._chance.choices(work, weights)[0]()

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def _value(self, depth: int = 0) -> object:
        """Return a value of any type that JSON has."""
        kind = self._chance.random()
        if kind < 0.7 or depth > 3:
            return self._chance.choice(SCALARS)
        if kind < 0.8:
            return [self._value(depth + 1) for _ in range(self._chance.randrange(4))]
        if kind < 0.9:
            keys = ("path", "url", "meta", "value", "headers", "data", "__type__", "index", "orig_name", "size", "x")
            return {self._chance.choice(keys): self._value(depth + 1) for _ in range(self._chance.randrange(4))}
        return self._chance.choice(
            (
                {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
                {"path": None, "url": "http://127.0.0.1:1/", "meta": {"_type": "gradio.FileData"}},
                {"headers": ["a", "b"], "data": [["x"], [1, 2, 3]], "metadata": None},
                {"__type__": "update", "value": "x", "choices": []},
                [[[[[[[[[[]]]]]]]]]],
                ["x"] * 500,
            )
        )

    def _fitting(self, kind: str) -> object:
        """Return a value of the type that a component has, or else any."""
        if self._chance.random() < 0.15:
            return self._value()
        match kind:
            case "textbox":
                return self._chance.choice(TEXTS)
            case "checkbox":
                return self._chance.choice((True, False, None))
            case "dropdown" | "radio":
                return self._chance.choice((None, 7, 30, 90, -1, "", "dental", *TEXTS))
        return None

    def _body(self, value: object) -> bytes:
        return json.dumps(value).encode()

    def _fields(self) -> None:
        """Send values of every type in each field of a question or a feedback."""
        path = self._chance.choice(("/api/ask", "/api/feedback"))
        if path == "/api/ask":
            fields = {"question": "peel?", "history": ["price?"], "document": "peels.md"}
        else:
            fields = {"answer_id": "0" * 32, "helpful": True, "comment": "x"}  # type: ignore[dict-item]
        body: dict[str, object] = {**fields}
        for _ in range(self._chance.randrange(1, 3)):
            body[self._chance.choice([*fields, "more"])] = self._value()
        if self._chance.random() < 0.2:
            del body[self._chance.choice([*body])]
        self._send("fields", "POST", path, content=self._body(body), headers={"Content-Type": JSON_TYPE})

    def _bodies(self) -> None:
        """Send bodies that are broken, huge, nested, doubled, compressed or in pieces."""
        path = self._chance.choice(("/api/ask", "/api/feedback", "/mcp", "/gradio_api/queue/join"))
        good = self._body({"question": "peel?", "answer_id": "x", "helpful": True, "jsonrpc": "2.0", "method": "ping"})
        depth = self._chance.choice((10, 1_000, 20_000))
        content: Any = self._chance.choice(
            (
                *(b"", b"{", b"[]", b'""', b"null", b"NaN", b"\xff\xfe{}", b"\x00" * 100, good[:-3], good * 2),
                *(b"[" * depth, b'{"question":' * depth, b'{"question":"a","question":"b"}', b"9" * 5_000),
                *(b'{"question":"' + b"a" * 60_000 + b'"}', b"x" * 70_000, b'{"question":"\\ud800"}'),
                *(gzip.compress(good), gzip.compress(good)[:-6], self._chance.randbytes(200), good),
            )
        )
        headers = {"Content-Type": self._chance.choice((JSON_TYPE, JSON_TYPE, "text/plain", "", "a/b; charset=\xe9"))}
        if self._chance.random() < 0.3:
            headers["Content-Encoding"] = self._chance.choice(("gzip", "br", "deflate", "x", "gzip, gzip"))
        if self._chance.random() < 0.3:
            content = iter([content[:5], content[5:]])  # sent in chunks
        self._send("bodies", "POST", path, content=content, headers=headers)

    def _addresses(self) -> None:
        """Send odd paths and query strings."""
        path = self._chance.choice((*ROUTES, *STAFF_ROUTES)).encode()
        odd = self._chance.choice(
            (
                *(
                    b"%00",
                    b"%ff",
                    b"%2e%2e%2f",
                    b"/../../etc/passwd",
                    b"//",
                    b"/./",
                    b"%",
                    b"%zz",
                    b"\\",
                    b";a=b",
                    b"..",
                ),
                *(b"%ed%a0%80", b"%e2%80%ae", b"a" * 3_000, b"%25%30", b"/%2f", b"?", b"#", b"@evil.example", b":80"),
                *(b"?mark=" + b"1-2" * 30, b"?mark=99999999999-1&of=x", b"?language=%00", b"?session_hash=%00"),
                *(b"?session_hash=a", b"?upload_id=x", b"?v=" + b"x" * 2_000, b"?days=-1", b"?days=x&days=9"),
            )
        )
        place = self._chance.choice((len(path), len(path), self._chance.randrange(1, len(path) + 1)))
        raw = path[:place] + odd + path[place:]
        account = self._chance.choice(("", "nobody", "rita", "alice"))
        self._send("addresses", self._chance.choice(("GET", "GET", "HEAD", "POST")), raw, account)

    def _headers(self) -> None:
        """Send odd headers."""
        names: tuple[str, ...] = (
            "Host",
            "Origin",
            "Referer",
            "Cookie",
            "Range",
            "If-None-Match",
            "If-Modified-Since",
            "Accept",
            "TE",
        )
        names += ("Accept-Encoding", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Sec-Fetch-Site")
        names += ("Content-Type", "MCP-Protocol-Version", "Mcp-Session-Id", "Authorization", "Expect", "Upgrade", "Via")
        values: tuple[str, ...] = (
            "",
            "x",
            "null",
            "http://",
            "http://[::1",
            "\xff\xfe",
            "a" * 4_000,
            "bytes=9-1",
            "bytes=0-,1-",
            "*",
        )
        values += ("gzip;q=x", "2026-07-28", "2025-11-25", "1999-01-01", "footnote-staff=%00", '"' * 50, "a,,;=\t")
        values += ("https://evil.example", "websocket", "100-continue", "0", "-1", "cross-site", "same-origin")
        headers = {self._chance.choice(names): self._chance.choice(values) for _ in range(self._chance.randrange(1, 4))}
        method, path = self._chance.choice((("GET", ROUTES), ("GET", STAFF_ROUTES), ("POST", ("/api/ask", "/mcp"))))
        content = self._body({"question": "peel?"}) if method == "POST" else None
        account = self._chance.choice(("", "alice"))
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        self._send("headers", method, self._chance.choice(path), account, content=content, headers=encoded)

    def _methods(self) -> None:
        """Send every method to every route."""
        path = self._chance.choice((*ROUTES, *STAFF_ROUTES))
        account = self._chance.choice(("", "nobody", "rita", "alice"))
        self._send("methods", self._chance.choice(METHODS), path, account)

    def _sockets(self) -> None:
        """Send bytes that are no HTTP, or only nearly."""
        start = b"POST /api/ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        data = self._chance.choice(
            (
                *(b"\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"G" * 70_000),
                *(b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET \xff HTTP/1.1\r\n\r\n", self._chance.randbytes(300)),
                *(start + b"Content-Length: -1\r\n\r\n", start + b"Content-Length: 9\r\nContent-Length: 3\r\n\r\n{}"),
                *(start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", start + b"Transfer-Encoding: x\r\n\r\n"),
                start + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5_000 + b"\r\n",
            )
        )
        parts = urlsplit(self.target.address)
        with socket.create_connection((parts.hostname or "", parts.port or 0), 10) as connection:
            connection.settimeout(2)
            reply = b""
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while part := connection.recv(65_536):
                    reply += part
            except OSError:
                pass  # it hung up, which is its right
        self.sent["sockets"] += 1
        status = re.match(rb"HTTP/1\.1 (\d{3})", reply)
        self._check("sockets", int(status[1]) if status else 0, {}, reply.decode("latin-1"), repr(data[:200]))

    def _page_events(self, account: str, events: dict[int, list[str]]) -> None:
        """Send events of a page with odd values, and read their results from its stream."""
        root = "/staff" if account else ""
        group = {"": "chat events", "nobody": "console, signed out"}.get(account, f"console, {account}")
        session = f"{self._chance.getrandbits(64):x}"
        joined = 0
        for _ in range(EVENTS_AT_ONCE):
            event = self._chance.choice([*events])
            body: dict[str, object] = {
                "fn_index": event,
                "data": [self._fitting(kind) for kind in events[event]],
                "session_hash": session,
                "event_data": self._chance.choice((None, self._value(), *CLICKS)),
                "trigger_id": self._value() if self._chance.random() < 0.2 else 1,
            }
            if self._chance.random() < 0.15:
                body[self._chance.choice([*body])] = self._value()
            reply = self._send(
                group,
                "POST",
                f"{root}/gradio_api/queue/join",
                account,
                content=self._body(body),
                headers={"Content-Type": JSON_TYPE},
            )
            joined += reply is not None and reply.status_code == httpx.codes.OK
        if joined:
            self._read_stream(group, account, f"{root}/gradio_api/queue/data?session_hash={session}", joined)

    def _read_stream(self, group: str, account: str, path: str, joined: int) -> None:
        lines: list[str] = []
        try:
            with self._clients[account].stream("GET", path, timeout=STREAM_TIMEOUT) as reply:
                for line in reply.iter_lines():
                    lines.append(line)
                    joined -= '"process_completed"' in line
                    if not joined:
                        break
        except httpx.TimeoutException:
            self.findings.append(Finding(group, "a stream that stalls", "\n".join(lines)[-500:]))
        failed = [line for line in lines if '"success":false' in line]
        self._check(group, 200, {}, "\n".join(failed), path)
        if any('"error":null' in line for line in failed):
            self.findings.append(Finding(group, "an event that breaks", "see the log"))

    def _forms(self) -> None:
        """Send odd forms to the sign-in page."""
        fields = {"name": "alice", "password": "x"}
        fields[self._chance.choice(("name", "password", "x"))] = str(self._value()).encode(errors="replace").decode()
        content: bytes = self._chance.choice(
            (
                httpx.QueryParams(fields).__str__().encode(),
                b"name=%ff%00&password",
                b"&" * 2_000,
                self._chance.randbytes(99),
            )
        )
        kinds = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "x")
        headers = {"Content-Type": self._chance.choice(kinds)}
        path = self._chance.choice(("/staff/sign-in", "/staff/single-sign-on-return", "/staff/sign-in?x=%00"))
        self._send(
            "forms", self._chance.choice(("POST", "POST", "GET")), path, "nobody", content=content, headers=headers
        )

    def _uploads(self) -> None:
        """Send odd uploads to the console."""
        names = ("a.md", "../../a.md", "a\0.md", "\u202e.pdf", "x" * 300 + ".md", "", "con.docx", "a.pdf", "a.svg")
        contents = (b"", b"# Title\n\nText", b"%PDF-1.7\n", b"PK\x03\x04", b"\xff" * 5_000, self._chance.randbytes(500))
        part = (
            self._chance.choice(names),
            self._chance.choice(contents),
            self._chance.choice(("text/plain", "x/y", "")),
        )
        account = self._chance.choice(("nobody", "rita", "alice", "alice"))
        path = f"/staff/gradio_api/upload{self._chance.choice(('', '?upload_id=x', '?upload_id=%00'))}"
        if self._chance.random() < 0.3:
            boundary = self._chance.choice(("multipart/form-data", "multipart/form-data; boundary=x", JSON_TYPE))
            raw = self._chance.choice((b"", b"--x\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n", b"x" * 999))
            self._send("uploads", "POST", path, account, content=raw, headers={"Content-Type": boundary})
        else:
            self._send("uploads", "POST", path, account, files={self._chance.choice(("files", "x")): part})

    def _messages(self) -> None:
        """Send messages of the Model Context Protocol with odd values."""
        tool = self._chance.choice(("ask", "ask", "list_pages", "read_page", "nothing"))
        arguments: object = {
            self._chance.choice(("question", "history", "document", "title", "start", "x")): self._value()
            for _ in range(self._chance.randrange(4))
        }
        meta: object = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params: dict[str, object] = {"name": tool, "arguments": arguments, "_meta": meta}
        method = self._chance.choice(("tools/call", "tools/call", "tools/list", "resources/read", "resources/list",
            "initialize", "ping", "server/discover", "subscriptions/listen", "logging/setLevel", "prompts/list",
            "notifications/initialized", "notifications/cancelled", "completion/complete", "x"))  # fmt: skip
        if method == "resources/read":
            params["uri"] = self._chance.choice(
                ("footnote://pages/peels.md", "footnote://pages/%00", "file:///etc/passwd")
            )
        message: dict[str, object] = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        for _ in range(self._chance.randrange(3)):
            self._chance.choice((message, params))[self._chance.choice(("id", "params", "name", "arguments", "_meta",
                "method", "cursor", "uri", "requestId", "protocolVersion"))] = self._value()  # fmt: skip
        headers = {"Content-Type": JSON_TYPE}
        if self._chance.random() < 0.6:
            version = self._chance.choice(("2026-07-28", "2025-11-25", "2025-03-26", "x", "\xff"))
            headers |= {"MCP-Protocol-Version": version, "Mcp-Method": method, "Mcp-Name": tool}
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        self._send("mcp", "POST", "/mcp", content=self._body(message), headers=encoded)

    def _send(
        self,
        group: str,
        method: str,
        path: str | bytes,
        account: str = "",
        **parts: Any,  # noqa: ANN401 -- httpx's own
    ) -> httpx.Response | None:
        """Send a request and check the reply; return None where it cannot be sent or has no reply."""
        raw = path if isinstance(path, bytes) else path.encode()
        client = self._clients["nobody" if b"sign-out" in raw else account]  # the others stay signed in
        try:
            # Of this address, for its cookies; the one to send is put in as it is, because httpx would mend it.
            request = client.build_request(method, "/staff/" if raw.startswith(b"/staff") else "/", **parts)
            request.url = request.url.copy_with(raw_path=raw)
            shown = f"{method} {raw[:200]!r} {account} {str(parts)[:600]}"
            with ExitStack() as stack:
                reply = stack.enter_context(_opened(client, request))
                self.sent[group] += 1
                kind = reply.headers.get("content-type", "")
                body = "" if "event-stream" in kind or b"heartbeat" in raw else reply.read().decode("utf-8", "replace")
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeEncodeError, ValueError):
            return None  # this client does not send it
        except httpx.TransportError as error:
            self.sent[group] += 1
            self.findings.append(Finding(group, f"no reply: {type(error).__name__}", shown))
            return None
        shared = PUBLISHED.match(raw.decode("latin-1"))
        self._check(group, reply.status_code, reply.headers, "" if shared else body, shown)
        return reply

    def _check(self, group: str, status: int, headers: Any, body: str, sent: str) -> None:  # noqa: ANN401 -- httpx's own
        self.statuses[group][status] += 1
        busy = status == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in headers
        if status >= httpx.codes.INTERNAL_SERVER_ERROR and not busy:
            self.findings.append(Finding(group, f"{status}: {body[:200]}", sent))
        for pattern in (INTERNALS, self._paths):
            if match := pattern.search(body):
                around = body[max(0, match.start() - 100) : match.end() + 100]
                self.findings.append(Finding(group, f"shows {match[0]!r}: {around}", sent))


@contextmanager
def _opened(client: httpx.Client, request: httpx.Request) -> Iterator[httpx.Response]:
    reply = client.send(request, stream=True)
    try:
        yield reply
    finally:
        reply.close()


def schemathesis(address: str, examples: int) -> int:
    """Test the description of the interface, and return the exit code."""
    command: list[str | Path] = [Path(sys.executable).with_name("schemathesis"), "--config-file"]
    command += [ROOT / "tests/web/schemathesis.toml", "run", f"{address}/openapi.json", "--checks", "all"]
    with TemporaryDirectory() as folder:
        return subprocess.run([*command, "--max-examples", str(examples)], check=False, cwd=folder).returncode


def _print_table(fuzzer: Fuzzer, errors: Errors, seconds: float) -> None:
    print("\n| group | inputs | statuses |\n|---|---|---|")
    for group, number in sorted(fuzzer.sent.items()):
        shown = ", ".join(f"{status or 'none'}: {count}" for status, count in sorted(fuzzer.statuses[group].items()))
        print(f"| {group} | {number:,} | {shown} |")
    print(f"\n{fuzzer.sent.total():,} inputs in {seconds:.0f} s (seed {fuzzer.seed}): {len(fuzzer.findings)} findings.")
    for finding in fuzzer.findings[:40]:
        print(f"\n{finding.group}: {finding.wrong}\n  {finding.sent}")
    for line, count in errors.lines.most_common(20):
        print(f"logged {count} times: {line}")


def main() -> None:
    """Send the inputs, print a table, and exit with 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--examples", type=int, default=200, help="of Schemathesis, for each operation; 0 leaves it out"
    )
    options = parser.parse_args()
    errors = Errors()
    logging.getLogger().addHandler(errors)
    with target() as served:
        fuzzer = Fuzzer(served, options.seed)
        start = time.monotonic()
        fuzzer.run(options.inputs, options.seconds)
        fuzzer.close()
        _print_table(fuzzer, errors, time.monotonic() - start)
        untrue = bool(options.examples and schemathesis(served.address, options.examples))
    sys.exit(bool(fuzzer.findings) or untrue)


if __name__ == "__main__":
    main()
