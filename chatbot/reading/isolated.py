"""Parse PDF and Word files in a child process with limits on time and memory, so that no file can harm the parent.

One child serves many files and leaves by itself when nothing came for a minute. A file that ends it is named, and the
next one gets a new child. The child sees none of the parent's environment.
"""

import atexit
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from select import select
from threading import Event, Lock, Timer
from typing import IO, Any, Final

from chatbot.reading.page import Heading, Page
from chatbot.records import Block, BlockKind

__all__ = ["LARGEST_PARSED", "PARSED", "Unparsable", "parse", "serve"]

LARGEST_PARSED: Final = 50 * 1024 * 1024
"""Bytes of the largest file that is parsed: a leaflet with pictures in print quality."""
MEMORY: Final = 512 * 1024 * 1024
"""Bytes of address space that the child may use; some 70 MB are its own programs."""

_LONGEST_TEXT: Final = 2_000_000  # characters of a file: a thousand pages
_SECONDS: Final = 10  # of processor time for a file, and so many more for each of its megabytes, up to the most
_SECONDS_MEGABYTE: Final = 5
_SECONDS_MOST: Final = 60
_WAITING: Final = 4  # times as long may pass on the clock, because other programs run as well
_IDLE: Final = 60.0  # seconds after which a child without work leaves
_LEAVING: Final = 5.0  # seconds that a child may take to leave
_LONGEST_REPLY: Final = 64 * 1024 * 1024  # bytes
_HEAD: Final = struct.Struct(">8sII")  # suffix, seconds and length of a file
_LENGTH: Final = struct.Struct(">I")
_SIGXCPU: Final = 24  # what ends a child whose time is over; Windows has no name for it
_CHILD: Final = "from chatbot.reading.isolated import serve; serve()"
_SMALLER: Final = "cut it into smaller files, or write its words into a page"


class Unparsable(ValueError):
    """A file cannot be parsed, for a reason and with a cure."""

    def __init__(self, reason: str, cure: str) -> None:
        super().__init__(reason, cure)
        self.reason = reason
        self.cure = cure


def _read_pdf(content: bytes) -> Page:
    from chatbot.reading.pdf import read_pdf  # noqa: PLC0415 - only the child needs it

    return read_pdf(content)


def _read_docx(content: bytes) -> Page:
    from chatbot.reading.docx import read_docx  # noqa: PLC0415 - only the child needs it

    return read_docx(content)


PARSED: Final[Mapping[str, Callable[[bytes], Page]]] = {".pdf": _read_pdf, ".docx": _read_docx}
"""The reader of each suffix that is parsed in the child."""


def parse(suffix: str, content: bytes, seconds: int | None = None) -> Page:
    """Parse a file in the child, within so many seconds of processor time; raises `Unparsable`.

    Honest files take time in proportion to their size, which is the limit without `seconds`. Any number of threads may
    call this, and one is served at a time.
    """
    if seconds is None:
        seconds = min(_SECONDS_MOST, _SECONDS + _SECONDS_MEGABYTE * (len(content) >> 20))
    with _LOCK:
        return _CHILDREN.parse(suffix, content, seconds)


class _Children:
    """Starts the child when it is needed, and again when a file ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def parse(self, suffix: str, content: bytes, seconds: int) -> Page:
        for _ in range(2):  # an idle child may leave between two files
            process = self._running()
            try:
                _send(process.stdin, _HEAD.pack(suffix.encode(), seconds, len(content)) + content)
            except OSError:
                self.close()
            else:
                return self._receive(process, seconds)
        raise Unparsable("the program that reads such files does not start", "see that memory is free, and build again")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process and self._process.poll() is not None:
            self.close()
        if self._process is None:
            names = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
            environ = {name: os.environ[name] for name in names if name in os.environ}
            environ["PYTHONPATH"] = str(Path(__file__).parents[2])
            self._process = subprocess.Popen(  # noqa: S603 - the command is fixed
                [sys.executable, "-c", _CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environ,
            )
        return self._process

    def _receive(self, process: subprocess.Popen[bytes], seconds: int) -> Page:
        late = Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = Timer(_WAITING * seconds, stop)
        timer.start()
        try:
            fields = _reply(process.stdout)
        finally:
            timer.cancel()
        if fields is None:
            code = self.close()
            if late.is_set() or code == -_SIGXCPU:
                raise Unparsable(f"reading it takes more than {seconds} s", _SMALLER)
            raise Unparsable("it is damaged, or needs too much memory", "open it and save it anew, or save it smaller")
        if "reason" in fields:
            raise Unparsable(str(fields["reason"]), str(fields["cure"]))
        return _page(fields)

    def close(self) -> int:
        """Stop the child and return how it ended."""
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.stdin:
            with suppress(OSError):  # what it did not read any more
                process.stdin.close()
        code = process.poll()
        if code is None:  # its output ended: it is about to leave, or it has no more work
            try:
                code = process.wait(_LEAVING)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        if process.stdout:
            process.stdout.close()
        return code


_LOCK: Final = Lock()
_CHILDREN: Final = _Children()
atexit.register(_CHILDREN.close)


def _send(pipe: IO[bytes] | None, message: bytes) -> None:
    if pipe is None:
        raise BrokenPipeError
    pipe.write(message)
    pipe.flush()


def _reply(pipe: IO[bytes] | None) -> dict[str, Any] | None:
    """Return the reply of the child, or None where it ended without one."""
    head = pipe.read(_LENGTH.size) if pipe else b""
    if pipe is None or len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    reply = pipe.read(length) if length <= _LONGEST_REPLY else b""
    try:
        fields: dict[str, Any] = json.loads(reply)
    except ValueError:  # it ended in the middle of its reply
        return None
    return fields


def _page(fields: Mapping[str, Any]) -> Page:
    headings = tuple(Heading(*heading) for heading in fields["headings"])
    blocks = tuple(Block(BlockKind(kind), start, end) for kind, start, end in fields["blocks"])
    return Page(fields["text"], headings, blocks, fields["about"], tuple(fields["pages"]), tuple(fields["warnings"]))


def serve() -> None:
    """Serve the parent until it closes the pipe or sends nothing for a minute; this is the child."""
    source, target = FileIO(0, closefd=False), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no reply
    _limit()
    while select([source], [], [], _IDLE)[0]:
        head = _exactly(source, _HEAD.size)
        if head is None:
            return
        suffix, seconds, length = _HEAD.unpack(head)
        content = _exactly(source, length)
        if content is None:
            return
        _limit_time(seconds)
        reply, able = _parsed(suffix.rstrip(b"\0").decode(), content)
        target.write(_LENGTH.pack(len(reply)) + reply)
        target.flush()
        if not able:
            return  # without memory, nothing further can be trusted


def _exactly(source: FileIO, length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        part = source.read(min(length - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)


def _parsed(suffix: str, content: bytes) -> tuple[bytes, bool]:
    """Return the reply for a file, and whether the child can go on."""
    able = True
    try:
        page = _short(PARSED[suffix](content))
        fields: dict[str, object] = asdict(page)
        fields["headings"] = [[item.level, item.text, item.start, item.end] for item in page.headings]
        fields["blocks"] = [[block.kind, block.start, block.end] for block in page.blocks]
    except Unparsable as error:
        fields = {"reason": error.reason, "cure": error.cure}
    except MemoryError:
        able = False
        fields = {"reason": "reading it needs too much memory", "cure": _SMALLER}
    except RecursionError:
        fields = {"reason": "it is nested too deeply", "cure": "save its words in a new file"}
    except Exception:  # noqa: BLE001 - a hostile file can raise anything in a library, and the next file must be read
        fields = {"reason": "it is damaged", "cure": "open it and save it anew"}
    return json.dumps(fields, default=str).encode(), able


def _short(page: Page) -> Page:
    if len(page.text) > _LONGEST_TEXT:
        raise Unparsable(f"it has more than {_LONGEST_TEXT:,} characters", _SMALLER)
    return page


def _limit() -> None:
    """Take from the child what it does not need, where the system can."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):  # macOS knows no limit of the address space
            resource.setrlimit(limit, (most, most))


def _limit_time(seconds: int) -> None:
    try:
        import resource  # noqa: PLC0415 - as above
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, most))
