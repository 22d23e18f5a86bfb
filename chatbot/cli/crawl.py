"""The commands that read a clinic's site: crawl, try."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from chatbot.errors import CrawlError, SettingsError
from chatbot.settings import Settings

if TYPE_CHECKING:
    import socket

    from chatbot.bot import Chatbot
    from chatbot.crawling import CrawlOptions, CrawlReport
    from chatbot.evaluation import SiteReport
    from chatbot.indexing import BuildResult, Encoder

__all__ = ["add_crawl_commands"]

_TRY_PAGES: Final = 200
_TRY_SECONDS: Final = 90.0  # of the three minutes until the first answer


def add_crawl_commands(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parsers of these commands."""
    example = "footnote crawl https://clinic.example"
    crawl = add_command("crawl", help="read a clinic's site into the corpus, and build the index", example=example)
    _add_site(crawl, pages=1000)
    crawl.add_argument(
        "--depth", type=_number, default=10, metavar="N", help="links from the start, at most (default: 10)"
    )
    crawl.add_argument("--minutes", type=_number, default=60, metavar="N", help="minutes, at most (default: 60)")
    crawl.add_argument("--overwrite", action="store_true", help="bring back pages that were changed or removed by hand")
    crawl.add_argument("--withdraw-all", action="store_true", help="remove pages even if most are gone from the site")
    crawl.set_defaults(run=_crawl)

    example = "footnote try https://clinic.example"
    attempt = add_command("try", help="read a site, show the chat on a page, and keep nothing", example=example)
    _add_site(attempt, pages=_TRY_PAGES)
    attempt.set_defaults(run=_try)


def _add_site(parser: argparse.ArgumentParser, pages: int) -> None:
    parser.add_argument("address", metavar="URL", help="address of the site")
    parser.add_argument("--also", action="append", default=[], metavar="URL", help="a further site; may be repeated")
    parser.add_argument("--pages", type=_number, default=pages, metavar="N", help=f"pages, at most (default: {pages})")
    parser.add_argument(
        "--pause", type=_seconds, default=0.5, metavar="SECONDS", help="time between two requests (default: 0.5)"
    )
    parser.add_argument(
        "--contact", default="", help="whom the site's owner can ask, sent along (default: the e-mail of clinic.toml)"
    )
    parser.add_argument("--allow-private", action="store_true", help="read a site of your own network or machine, too")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000000")
    return int(text)


def _seconds(text: str) -> float:
    try:
        if 0 <= (seconds := float(text)) <= 60:
            return seconds
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 60")


def _crawl(settings: Settings, options: argparse.Namespace) -> int:
    from chatbot.bot import Chatbot
    from chatbot.cli.building import ATTENTION, pages_at_rest
    from chatbot.cli.progress import progress_bar
    from chatbot.evaluation import measure_coverage
    from chatbot.indexing import load_encoder

    limits = replace(
        _crawl_options(settings, options),
        depth=options.depth,
        seconds=60.0 * options.minutes,
        overwrite=options.overwrite,
        withdraw_all=options.withdraw_all,
    )
    with pages_at_rest(settings):  # what a cut off crawl of the server has read is remembered first
        pass
    crawled = _read_site(options.address, settings, limits)
    with pages_at_rest(settings):
        built = _build(settings, load_encoder(settings.model))
    report = _site_report(crawled, built)
    bot = Chatbot.open(settings)
    with progress_bar("Asking", " questions") as show:
        report = replace(report, coverage=measure_coverage(bot, show))
    _print_report(report)
    return ATTENTION if built.problems else 0


def _try(settings: Settings, options: argparse.Namespace) -> None:
    from chatbot.bot import Chatbot
    from chatbot.clinic import Clinic

    limits = replace(_crawl_options(settings, options), seconds=_TRY_SECONDS)
    with _own_folder() as folder, ThreadPoolExecutor() as pool:
        print(f"Reading {options.address} into {folder}, which is removed at the end.", flush=True)
        own = replace(settings, corpus=folder / "corpus", index=folder / "index", staff=folder / "staff")
        loading = pool.submit(_prepare, settings)  # while the crawl waits for the site
        crawled = _read_site(options.address, own, limits)
        encoder, address = loading.result()
        with address:
            report = _site_report(crawled, _build(own, encoder))
            bot = Chatbot(own.corpus, own.index, encoder, Clinic(name=_site_name(crawled.site)))
            _print_first_answer(bot)
            _serve_report(bot, report, settings, address)


def _prepare(settings: Settings) -> "tuple[Encoder, socket.socket]":
    """Load what takes seconds, and bind the address to serve on; raises `ModelError` or `SettingsError`."""
    from chatbot.indexing import load_encoder
    from chatbot.web.server import listen

    encoder = load_encoder(settings.model)
    return encoder, listen(settings.host, settings.port)


def _crawl_options(settings: Settings, options: argparse.Namespace) -> "CrawlOptions":
    from chatbot.crawling import CrawlOptions

    return CrawlOptions(
        also=tuple(options.also),
        pages=options.pages,
        pause=options.pause,
        contact=options.contact or _clinic_email(settings),
        private=options.allow_private,
    )


def _clinic_email(settings: Settings) -> str:
    """Return the e-mail address of clinic.toml, unless it is the example's."""
    from chatbot.clinic import load_clinic

    try:
        return load_clinic(settings.clinic).contact.own_email
    except SettingsError:  # `serve` names what is wrong
        return ""


def _read_site(address: str, settings: Settings, limits: "CrawlOptions") -> "CrawlReport":
    """Crawl a site into a corpus; raises `CrawlError`, or `KeyboardInterrupt` after what was read is written."""
    from chatbot.cli.building import pages_at_rest
    from chatbot.cli.progress import progress_bar
    from chatbot.crawling import Crawl
    from chatbot.staff import IntentLog

    with Crawl(address, settings.corpus, limits) as crawl:
        with progress_bar("Reading", " addresses") as show:
            report = crawl.run(show)
        with pages_at_rest(settings):
            IntentLog.of(settings).take_in(crawl.changes, crawl.remembered())
    if crawl.interrupted:
        print(
            f"Stopped. Pages read: {report.read}. They are in {settings.corpus}. Crawl again for the rest, "
            "or run build.",
            file=sys.stderr,
        )
        raise KeyboardInterrupt
    if not report.read:
        reason = f" {report.left_out[0].address}: {report.left_out[0].reason}." if report.left_out else ""
        raise CrawlError(f"No page of {report.site} could be read.{reason} Check the address in a browser.")
    return report


def _build(settings: Settings, encoder: "Encoder") -> "BuildResult":
    from chatbot.cli.progress import progress_bar
    from chatbot.indexing import build_index, load_store

    with progress_bar("Embedding", " passages") as show:
        store = load_store(settings.store, settings.site)
        return build_index(settings.corpus, settings.index, encoder, store, progress=show)


def _site_report(crawled: "CrawlReport", built: "BuildResult") -> "SiteReport":
    from chatbot.evaluation import SiteReport

    return SiteReport(crawled, built.documents, built.passages, built.problems, built.notices)


def _print_report(report: "SiteReport") -> None:
    from chatbot.evaluation import report_parts

    for part in report_parts(report):
        print(f"\n{part.heading}\n{'-' * len(part.heading)}\n{part.text}")
        for item in part.items:
            print(f"- {item.text}" + (f"\n  {item.below}" if item.below else ""))


def _print_first_answer(bot: "Chatbot") -> None:
    from chatbot.evaluation import first_answer

    found = first_answer(bot)
    if found:
        print(
            f"\nFirst answer\n  {found.question}\n  \u201c{found.sentence}\u201d\n  {found.title} {found.url}",
            flush=True,
        )
    else:
        print("\nNone of the usual questions is answered. The report lists the topics.", flush=True)


def _serve_report(bot: "Chatbot", report: "SiteReport", settings: Settings, address: "socket.socket") -> None:
    """Serve the demonstration and the report, while the questions of the report are still being asked."""
    from chatbot.evaluation import measure_coverage
    from chatbot.web.server import serve
    from chatbot.web.visitor.site_report import report_routes

    latest, ended = [report], Event()

    def go_on(_done: int, _total: int) -> None:
        if ended.is_set():
            raise InterruptedError

    def ask() -> None:
        with suppress(InterruptedError):
            latest.append(replace(report, coverage=measure_coverage(bot, go_on)))
            _print_report(latest[-1])
            sys.stdout.flush()

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"http://{host}:{settings.port}"
    print(f"\nThe chat on a page: {base}/demo\nThe report: {base}/report\nCtrl+C ends it.", flush=True)
    asking = Thread(target=ask, name="report")
    asking.start()
    try:
        serve(bot, None, None, address, [report_routes(bot, lambda: latest[-1])])
    finally:  # a thread inside the model must not meet the end of the process
        ended.set()
        asking.join()


def _site_name(site: str) -> str:
    return site.partition("://")[2].partition("/")[0].removeprefix("www.")


@contextmanager
def _own_folder() -> Iterator[Path]:
    """Yield a temporary folder that is removed at the end, also when the process is stopped."""

    def stop(number: int, _: object) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with TemporaryDirectory(prefix="footnote-try-") as folder:
            yield Path(folder)
    finally:
        signal.signal(signal.SIGTERM, before)
