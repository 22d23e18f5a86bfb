"""Measures triage as a whole: emergencies found, and ordinary messages alarmed.

    python -m benchmarks.triage [--data FOLDER] [--list URGENT ORDINARY] [--show]

The lists under `tests/answering/triage/` without `held_out` in their name were used to write the words and to fit the
meaning; the others were not. With `--data`, the public collections' questions are measured too, all ordinary.
"""

import argparse
from pathlib import Path

from benchmarks.triage_lists import LISTS, messages, public_questions
from chatbot.answering.triage import Triage
from chatbot.indexing import Encoded, Encoder, SentenceEncoder
from chatbot.records import Outcome


def main() -> None:
    """Print a line a list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder of the public collections")
    parser.add_argument("--list", type=Path, nargs=2, metavar=("URGENT", "ORDINARY"), help="measure these lists alone")
    parser.add_argument("--show", action="store_true", help="show what was missed or alarmed")
    options = parser.parse_args()
    encoder = SentenceEncoder()
    triage = Triage.standard(encoder)
    urgent = [options.list[0]] if options.list else sorted(LISTS.glob("urgent*.txt"))
    ordinary = [options.list[1]] if options.list else sorted(LISTS.glob("ordinary*.txt"))
    for path in urgent:
        _report(path.stem, messages(path), True, triage, encoder, options.show)
    lists = {path.stem: messages(path) for path in ordinary}
    for name, texts in (lists | (public_questions(options.data) if options.data else {})).items():
        _report(name, texts, False, triage, encoder, options.show)


def _report(name: str, texts: list[str], wanted: bool, triage: Triage, encoder: Encoder, show: bool) -> None:  # noqa: PLR0913, PLR0917 - one argument a part of the report
    encoded = encoder.encode_questions(texts)
    words = Triage(triage.flags, triage.spelling, None, triage.small_talk)
    alarmed = [_urgent(triage, text, one) for text, one in zip(texts, encoded, strict=True)]
    by_words = [_urgent(words, text, one) for text, one in zip(texts, encoded, strict=True)]
    share, alone = sum(alarmed) / len(texts), sum(by_words) / len(texts)
    print(f"{name:20} {'found' if wanted else 'alarmed':8} {share:7.2%} of {len(texts):5}  by words alone {alone:7.2%}")
    for text, alarm in zip(texts, alarmed, strict=True):
        if show and alarm != wanted:
            print(f"    {text}")


def _urgent(triage: Triage, text: str, encoded: Encoded) -> bool:
    found = triage.read(text, encoded)
    return found is not None and found.outcome is Outcome.URGENT


if __name__ == "__main__":
    main()
