"""The daily crawl: a thread of the server that reads the clinic's site again and publishes what changed."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from chatbot.bot import Chatbot
from chatbot.errors import FootnoteError
from chatbot.settings import Settings
from chatbot.staff.content.publishing import Publisher

if TYPE_CHECKING:
    from chatbot.crawling import CrawlOptions, CrawlReport

__all__ = ["DailyCrawl", "daily_crawl"]

_LOG = logging.getLogger(__name__)
_DAY: Final = timedelta(days=1)
_FIRST: Final = 60.0  # seconds after the start, so that a server that starts is not slowed down
_RETRY: Final = 3600.0  # seconds after a crawl that failed


class DailyCrawl:
    """Crawls a site once a day, counted from the last whole crawl by hand or by the server.

    A crawl that fails changes nothing, is named in the log, and is tried again an hour later.
    """

    def __init__(
        self, publisher: Publisher, corpus: Path, site: str, options: "CrawlOptions", first: float = _FIRST
    ) -> None:
        """Prepare the thread; the first crawl is `first` seconds after the start, or later. Raises `CrawlError`."""
        from chatbot.crawling import Crawl  # noqa: PLC0415 - a server without this setting needs no crawler

        with Crawl(site, corpus, options):  # so that a bad address stops the start, not the night
            pass
        self._publisher = publisher
        self._corpus = corpus
        self._site = site
        self._options = options
        self._first = first
        self._stop = Event()
        self._thread = Thread(target=self._run, name="daily-crawl", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the request at hand, and wait for it."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        wait = max(self._first, self._until_due())
        while not self._stop.wait(wait):
            wait = _DAY.total_seconds() if self._crawl() else _RETRY

    def _until_due(self) -> float:
        """Return the seconds until a day after the last whole crawl."""
        from chatbot.crawling import last_crawl  # noqa: PLC0415 - as above

        last = last_crawl(self._corpus, self._site)
        return max(0.0, (last + _DAY - datetime.now(UTC)).total_seconds()) if last else 0.0

    def _crawl(self) -> bool:
        """Crawl once and publish; return whether that worked."""
        from chatbot.crawling import Crawl  # noqa: PLC0415 - as above

        try:
            with Crawl(self._site, self._corpus, self._options, stop=self._stop) as crawl:
                report = crawl.run()
                if not self._stop.is_set():
                    self._publisher.publish_crawl(crawl.changes, crawl.remembered())
        except FootnoteError as error:
            _LOG.warning("The daily crawl of %s changed nothing: %s", self._site, error)
            return False
        except Exception as error:  # noqa: BLE001 - this thread must not end; a site can send anything
            _LOG.warning("The daily crawl of %s failed: %s", self._site, type(error).__name__)
            return False
        _log_report(report)
        return True


def daily_crawl(bot: Chatbot, publisher: Publisher, settings: Settings) -> DailyCrawl:
    """Build the daily crawl that the settings describe; raises `CrawlError` for an address that cannot be crawled."""
    from chatbot.crawling import CrawlOptions  # noqa: PLC0415 - as above

    site, *also = settings.crawl
    options = CrawlOptions(also=tuple(also), contact=bot.clinic.contact.own_email)
    return DailyCrawl(publisher, settings.corpus, site, options)


def _log_report(report: "CrawlReport") -> None:
    """Log what the administrator should know."""
    if report.stopped:
        _LOG.warning("The daily crawl of %s ended early: %s.", report.site, report.stopped)
    for note in report.notes:
        _LOG.warning("%s", note)
    for address in report.missing:
        _LOG.warning("%s is missing. Its page is removed if the next crawl does not find it either.", address)
