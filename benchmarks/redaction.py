"""Measures what redaction finds and what it removes by mistake: python -m benchmarks.redaction [--data FOLDER]."""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks.redaction_lists import Variant, clean, variants, visitors, visitors_clean
from chatbot.answering import clean_question
from chatbot.redaction import redact


def main() -> None:
    """Print recall, false hits and other words removed, for a part of the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("seen", "held_out", "fit", "blind", "unseen"), default="held_out")
    parser.add_argument("--data", type=Path, help="folder of public collections, whose questions hold nothing personal")
    parser.add_argument(
        "--show", action="store_true", help="print what went wrong; not of the part that is only counted"
    )
    options = parser.parse_args()
    by_visitors = options.part in {"fit", "blind", "unseen"}
    secret = visitors(options.part) if by_visitors else variants(options.part)
    harmless = visitors_clean(options.part) if by_visitors else clean(options.part)
    measure(options.part, secret, harmless, shown=options.show and options.part not in {"blind", "unseen"})
    for folder in sorted(options.data.iterdir()) if options.data else ():
        if (folder / "queries.jsonl").exists():
            lines = (folder / "queries.jsonl").read_text("utf-8").splitlines()
            texts = [json.loads(line)["text"] for line in lines]
            hits = [text for text in texts if is_changed(text)]
            print(f"{folder.name}: {len(hits)} of {len(texts)} public questions changed ({len(hits) / len(texts):.4f})")
            if options.show:
                show(("public", text) for text in hits)


def measure(part: str, secret: list[Variant], harmless: list[str], *, shown: bool) -> None:
    """Print the figures of a part, and what went wrong if it is to be shown."""
    missed = [variant for variant in secret if leaked_words(variant)]
    clipped = [variant for variant in secret if not leaked_words(variant) and removed_words(variant)]
    hits = [text for text in harmless if is_changed(text)]
    print(f"{part}: {len(secret)} variants, {len(harmless)} questions with nothing personal")
    print(f"recall            {1 - len(missed) / len(secret):.3f}  ({len(missed)} missed)")
    print(f"false hits        {len(hits) / len(harmless):.3f}  ({len(hits)} questions)")
    print(f"removed too much  {len(clipped) / len(secret):.3f}  ({len(clipped)} variants lost other words too)")
    found = Counter(variant.kind for variant in secret if not leaked_words(variant))
    for kind, number in Counter(variant.kind for variant in secret).items():
        print(f"  {kind:12} {found[kind]:3} of {number}")
    if shown:
        show((f"missed {variant.secrets}", variant.text) for variant in missed)
        show((f"too much {variant.secrets}", variant.text) for variant in clipped)
        show(("false hit", text) for text in hits)


def redacted(text: str) -> str:
    """Return a question as the journal records it."""
    return redact(clean_question(text))


def is_changed(text: str) -> bool:
    """Return whether redaction changes a question."""
    return redacted(text) != clean_question(text)


def leaked_words(variant: Variant) -> list[str]:
    """Return the words of a variant's secrets that stay readable, without those that stand elsewhere in it too."""
    leaked = set(words(redacted(variant.text))) - set(_other_words(variant))
    return [word for secret in variant.secrets for word in words(secret) if word in leaked]


def removed_words(variant: Variant) -> list[str]:
    """Return the words around a variant's secrets that were removed too."""
    return list(Counter(_other_words(variant)) - Counter(words(redacted(variant.text))))


def _other_words(variant: Variant) -> list[str]:
    rest = variant.text
    for secret in variant.secrets:
        rest = rest.replace(secret, " ", 1)
    return words(rest)


def words(text: str) -> list[str]:
    """Return the words and numbers of a text in lower case."""
    return re.findall(r"\w+", text.casefold())


def show(rows: Iterable[tuple[str, str]]) -> None:
    """Print each reason and text, with the redacted text."""
    for reason, text in rows:
        print(f"{reason}: {text!r} -> {redacted(text)!r}")


if __name__ == "__main__":
    main()
