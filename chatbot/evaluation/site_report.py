"""The report of a site that was crawled and indexed, in parts that a terminal and a web page show alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatbot.evaluation.coverage import Coverage

if TYPE_CHECKING:
    from chatbot.crawling import CrawlReport  # its package loads what speaks HTTP

__all__ = ["ReportItem", "ReportPart", "SiteReport", "report_parts"]

_SHOWN: Final = 50  # items of one list
_ALWAYS: Final = frozenset({"What was read", "Topics that the pages do not answer", "Questions"})


@dataclass(frozen=True, slots=True)
class SiteReport:
    """A crawl, the figures of the index that was built of it, and the questions that it answers, or None before that.

    `unread` are the files that could not be read, `notices` what else the build says, such as copies that it found.
    """

    crawl: "CrawlReport"
    pages: int
    passages: int
    unread: tuple[str, ...]
    notices: tuple[str, ...] = ()
    coverage: Coverage | None = None


@dataclass(frozen=True, slots=True)
class ReportItem:
    """A line of a list: a text, a further text to stand below it, and an address that it leads to, or ""."""

    text: str
    below: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ReportPart:
    """A part of the report: a heading, a sentence, and a list that may be empty."""

    heading: str
    text: str
    items: tuple[ReportItem, ...] = ()


def report_parts(report: SiteReport) -> tuple[ReportPart, ...]:
    """Return the parts of a report, the most useful first; parts with nothing to say are left out."""
    crawl = report.crawl
    parts = [
        ReportPart("What was read", _summary(report), tuple(map(ReportItem, crawl.notes))),
        *_coverage_parts(report.coverage),
        _addresses(
            "Gone from the site",
            "Two crawls in a row did not find these pages, so they were removed here.",
            crawl.withdrawn,
        ),
        _addresses(
            "Missing in this crawl",
            "The site does not have these pages now. They are removed if the next crawl does not find them either.",
            crawl.missing,
        ),
        _addresses(
            "Changed or taken away by hand",
            "Somebody changed these pages here or took them away, so they stay as they are. "
            "To take the site's version, crawl with --overwrite.",
            crawl.kept_by_hand,
        ),
        _list("Left out", "These addresses were not kept.", [(one.address, one.reason) for one in crawl.left_out]),
        _list(
            "Files that cannot be read",
            "The other pages are served without them.",
            [("", problem) for problem in report.unread],
        ),
        _list(
            "Notes on the pages",
            "Pages that are not published, pages that are nearly the same, and lines that many pages repeat.",
            [("", notice) for notice in report.notices],
        ),
        _list(
            "Copies",
            "These addresses show the same as another, which was kept.",
            [(copy.address, f"the same as {copy.of}") for copy in crawl.copies],
        ),
        _addresses(
            "Pages without a title",
            "Visitors see a page's title above each quotation. Give these pages a <title> or a first heading.",
            crawl.untitled,
        ),
    ]
    return tuple(part for part in parts if part.items or part.heading in _ALWAYS)


def _summary(report: SiteReport) -> str:
    crawl = report.crawl
    counts = [(crawl.new, "new"), (crawl.changed, "changed"), (crawl.unchanged, "unchanged")]
    kinds = ", ".join(f"{len(pages)} {word}" for pages, word in counts if pages)
    read = f"{_count(crawl.read, 'page')} of {crawl.site}" + (f" ({kinds})" if kinds else "")
    cost = f"in {crawl.seconds:.0f} seconds, {_count(crawl.requests, 'request')} and {_size(crawl.received)}"
    text = f"{read}, {cost}. The index holds {_count(report.passages, 'passage')} of {_count(report.pages, 'page')}."
    return f"{text} The crawl ended early: {crawl.stopped}." if crawl.stopped else text


def _coverage_parts(coverage: Coverage | None) -> Iterator[ReportPart]:
    if coverage is None:
        yield ReportPart("Questions", "The questions are still being asked. Load this page again in a minute.")
        return
    yield ReportPart(
        "Questions that the pages answer best",
        "Visitors can ask these today. Below each stands the sentence that answers.",
        tuple(ReportItem(one.question, f"“{one.sentence}” ({one.title})", one.url) for one in coverage.best),
    )
    answered = coverage.topics - len(coverage.unanswered)
    yield ReportPart(
        "Topics that the pages do not answer",
        f"Of {coverage.topics} topics that visitors of any clinic ask about, the pages answer {answered}. "
        + ("A sentence about each of these would help most:" if coverage.unanswered else ""),
        tuple(ReportItem(topic.name, f"such as “{topic.questions[0]}”") for topic in coverage.unanswered),
    )


def _addresses(heading: str, text: str, addresses: Sequence[str]) -> ReportPart:
    return _list(heading, text, [(address, "") for address in addresses])


def _list(heading: str, text: str, pairs: Sequence[tuple[str, str]]) -> ReportPart:
    """Return a part with one item for each address with what stands below it; a long list is cut and says so."""
    items = [ReportItem(address or below, below if address else "", address) for address, below in pairs[:_SHOWN]]
    more = len(pairs) - len(items)
    return ReportPart(heading, text, (*items, *([ReportItem(f"and {more} more")] if more else [])))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _size(size: int) -> str:
    return f"{size / 1024**2:,.1f} MB" if size >= 1024**2 else f"{size / 1024:,.0f} KB"
