"""Measures what redaction finds and what it takes by mistake: python -m benchmarks.redaction [--data FOLDER]."""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks.redaction_lists import Variant, clean, variants
from chatbot.answering import clean_question
from chatbot.redaction import redact


def main() -> None:
    """Print recall, false hits and what else was lost, for a part of the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("seen", "held_out"), default="held_out")
    parser.add_argument("--data", type=Path, help="folder of public collections, whose questions hold nothing personal")
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    options = parser.parse_args()
    asked = variants(options.part)
    missed = [one for one in asked if left(one)]
    eaten = [one for one in asked if not left(one) and lost(one)]
    harmless = clean(options.part)
    hits = [text for text in harmless if kept(text) != clean_question(text)]
    print(f"{options.part}: {len(asked)} variants, {len(harmless)} questions with nothing personal")
    print(f"recall            {1 - len(missed) / len(asked):.3f}  ({len(missed)} missed)")
    print(f"false hits        {len(hits) / len(harmless):.3f}  ({len(hits)} questions)")
    print(f"took too much     {len(eaten) / len(asked):.3f}  ({len(eaten)} variants lost other words too)")
    found = Counter(one.kind for one in asked if not left(one))
    for kind, number in Counter(one.kind for one in asked).items():
        print(f"  {kind:12} {found[kind]:3} of {number}")
    if options.show:
        show((f"missed {one.secrets}", one.text) for one in missed)
        show((f"too much {one.secrets}", one.text) for one in eaten)
        show(("false hit", text) for text in hits)
    for folder in sorted(options.data.iterdir()) if options.data else ():
        if (folder / "queries.jsonl").exists():
            lines = (folder / "queries.jsonl").read_text("utf-8").splitlines()
            texts = [json.loads(line)["text"] for line in lines]
            hits = [text for text in texts if kept(text) != clean_question(text)]
            print(f"{folder.name}: {len(hits)} of {len(texts)} public questions changed ({len(hits) / len(texts):.4f})")
            if options.show:
                show(("public", text) for text in hits)


def kept(text: str) -> str:
    """Give what the journal keeps of a text."""
    return redact(clean_question(text))


def left(variant: Variant) -> list[str]:
    """Give the words of a variant's secrets that can still be read, other than those that stand elsewhere in it too."""
    rest = variant.text
    for secret in variant.secrets:
        rest = rest.replace(secret, " ", 1)
    open_words = set(words(rest))
    still = set(words(kept(variant.text)))
    return [word for secret in variant.secrets for word in words(secret) if word in still - open_words]


def lost(variant: Variant) -> list[str]:
    """Give the words around a variant's secrets that were taken too."""
    rest = variant.text
    for secret in variant.secrets:
        rest = rest.replace(secret, " ", 1)
    return [word for word, number in (Counter(words(rest)) - Counter(words(kept(variant.text)))).items() if number]


def words(text: str) -> list[str]:
    """Give a text's words and numbers in small letters."""
    return re.findall(r"\w+", text.casefold())


def show(rows: Iterable[tuple[str, str]]) -> None:
    """Print what went wrong, and what redaction made of it."""
    for why, text in rows:
        print(f"{why}: {text!r} -> {kept(text)!r}")


if __name__ == "__main__":
    main()
