"""Measures in Chromium what the links of citations mark: python -m benchmarks.links [--html] [--show].

Twenty pages are rendered as site builders render them, so that their words differ from the files'. Of each page some
sentences are opened by their links, as a visitor opens them. Two of the pages repeat so much that no directive can
name every sentence; then a part or the heading is right.
"""

import argparse
import re
import shutil
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from playwright.sync_api import BrowserContext, sync_playwright

from benchmarks.links.browser import PAINT, SCALE, Word, opened
from benchmarks.links.site import THEMES, render, sources
from chatbot.answering.links import link
from chatbot.reading import read_page, sentences, split
from chatbot.records import Document, Highlight, Passage

ADDRESS: Final = "http://clinic.example/"
LENGTH: Final = 120  # words of a passage
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
GOOD: Final = ("marked", "marked but for an end")


def main() -> None:
    """Print the share of the sentences that open marked, by theme, and what came of the others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sentences", type=int, default=25, help="of each page")
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--html", action="store_true", help="read the pages themselves, not the Markdown behind them")
    parser.add_argument("--show", action="store_true", help="print each sentence that did not open marked")
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("There is no chromium here: apt-get install chromium")
    verdicts: dict[str, Counter[str]] = {}
    began = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        context = browser.new_context(viewport={"width": 1000, "height": 700}, device_scale_factor=SCALE)
        for number, source in enumerate(sources()[: options.pages]):
            theme = THEMES[number % len(THEMES)]
            counts = verdicts.setdefault(theme.name, Counter())
            shown = render(source, theme)
            document = (
                read_page("page.html", shown.encode()) if options.html else read_page("page.md", source.text.encode())
            )
            document = replace(document, url=ADDRESS + source.name)
            for sentence, address, verdict in measured(context, document, shown, options.sentences):
                counts[verdict] += 1
                if options.show and verdict not in GOOD:
                    print(f"{source.name} ({theme.name}): {verdict}: {sentence!r}\n    {address}", flush=True)
        browser.close()
    report(verdicts, time.monotonic() - began)


def report(verdicts: dict[str, Counter[str]], seconds: float) -> None:
    """Print a line for each theme and one for all."""
    total = sum(verdicts.values(), Counter())
    for name, counts in [*verdicts.items(), ("all", total)]:
        good = sum(counts[verdict] for verdict in GOOD)
        others = ", ".join(f"{number} {verdict}" for verdict, number in counts.most_common())
        print(f"{name:14} {good / counts.total():.3f} of {counts.total():3}  ({others})")
    print(f"{seconds:.0f} seconds")


def measured(context: BrowserContext, document: Document, shown: str, number: int) -> Iterator[tuple[str, str, str]]:
    """Yield some sentences of a document, with the link of each and what it marks of the page as shown."""
    body = shown.replace("</head>", f"{PAINT}</head>")
    page = context.new_page()
    page.route("**/*", lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"))
    quoted = list(quotations(document))
    for passage, mark in quoted[:: max(1, len(quoted) // number)][:number]:
        address = link(document, passage, [mark])
        start = passage.start + mark.start
        sentence = document.text[start : passage.start + mark.end]
        yield sentence, address, verdict(document, start, sentence, opened(page, address))
    page.close()


def quotations(document: Document) -> Iterator[tuple[Passage, Highlight]]:
    """Yield every sentence that an answer may mark, with its passage."""
    for passage in split(document, LENGTH, lambda text: len(text.split())):
        yield from ((passage, mark) for mark in sentences(passage.text))


def verdict(document: Document, start: int, sentence: str, words: Sequence[Word]) -> str:
    """Say what a link marked of the sentence that stands at `start` of the document."""
    marked = [number for number, word in enumerate(words) if word.marked and folded(word.text)]
    if not marked:
        return "nothing"
    own = places(document, start, sentence, words)
    if not own:
        return "not found on the page"
    if not words[marked[0]].seen:
        return "not scrolled to"
    if own[0] <= marked[0] and marked[-1] <= own[-1]:
        missing = len(set(own) - set(marked))
        return "marked" if not missing else "marked but for an end" if missing * 4 <= len(own) else "part"
    names = {folded(name) for section in document.sections for name in section.headings}
    shown = folded("".join(words[number].text for number in marked))
    return "heading" if shown in names else "more" if set(own) & set(marked) else "another"


def places(document: Document, start: int, sentence: str, words: Sequence[Word]) -> list[int]:
    """Return the numbers of the words on the page that are those of a sentence of the document."""
    shown = [(folded(word.text), number) for number, word in enumerate(words) if word.article and folded(word.text)]
    read = [(folded(found[0]), found.start()) for found in re.finditer(r"\S+", document.text) if folded(found[0])]
    matcher = SequenceMatcher(None, [word for word, _ in read], [word for word, _ in shown], autojunk=False)
    return [
        shown[block.b + offset][1]
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
        if start <= read[block.a + offset][1] < start + len(sentence)
    ]


def folded(text: str) -> str:
    """Return the letters and digits of a word, without case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))


if __name__ == "__main__":
    main()
