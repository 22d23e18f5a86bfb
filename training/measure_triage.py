"""Measures triage as a whole: emergencies found and ordinary messages alarmed, by kind and by style.

    python -m training.measure_triage [--data FOLDER] [--list FILE] [--show]

Without `--list` it reads the lists that no fit has seen, `training/triage/held-out/`, and beside each urgent message of
them an ordinary one, both ways round. With `--data`, the questions of the public collections are measured too, all
ordinary.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from chatbot.indexing import SentenceEncoder
from chatbot.triage import Finding, Triage
from training.triage_lists import HELD_OUT, Message, public_questions, read_lists

BESIDE = 4  # ordinary messages that each urgent one is put beside
JOINERS = (". ", ", ", " and ", " ")


def main() -> None:
    """Print a line a kind of message."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder of the public collections")
    parser.add_argument("--list", type=Path, help="measure this list alone")
    parser.add_argument("--show", action="store_true", help="show what was missed or alarmed")
    options = parser.parse_args()
    triage, words = Triage.standard(SentenceEncoder()), Triage.standard()
    messages = read_lists(HELD_OUT)
    if options.list:
        messages = [one for one in read_lists(options.list.parent) if one.writer == options.list.stem]
    findings = {one.text: triage.read(one.text) for one in messages}
    by_words = {one.text: words.read(one.text) for one in messages}
    _kinds(messages, findings, by_words)
    _levels(messages, findings)
    if options.show:
        for one in messages:
            alarm = findings[one.text].alarm
            if bool(alarm) != one.urgent and one.label not in {"symptom", "harmless"}:
                print(f"    {one.label:10} {one.style:12} {one.text}  [{alarm.rule if alarm else ''}]")
    _beside(triage, messages, findings, show=options.show)
    for name, texts in (public_questions(options.data) if options.data else {}).items():
        alarmed = [text for text in texts if triage.read(text).alarm]
        print(f"{name:34} alarmed {len(alarmed) / len(texts):7.2%} of {len(texts)}")


def _kinds(messages: Sequence[Message], findings: dict[str, Finding], by_words: dict[str, Finding]) -> None:
    for label in ("emergency", "today", "crisis", "urgent", "ordinary", "symptom", "harmless"):
        for practical in (False, True):
            some = [one for one in messages if one.label == label and (one.style == "practical") == practical]
            _line(f"{label}{', practical' if practical else ''}", some, findings, by_words)
    for style in ("lookalike", "past", "hypothetical", "negated", "general"):
        some = [one for one in messages if one.label == "ordinary" and one.style == style]
        _line(f"ordinary, {style}", some, findings, by_words)


def _levels(messages: Sequence[Message], findings: dict[str, Finding]) -> None:
    for label in ("emergency", "today", "crisis"):
        right = [one for one in messages if one.label == label and _level(findings[one.text]) == label]
        print(f"{label} at its own level: {len(right)} of {sum(one.label == label for one in messages)}")
    symptoms = {label: [one for one in messages if one.label == label] for label in ("symptom", "ordinary")}
    for label, some in symptoms.items():
        heard = sum(findings[one.text].symptom and not findings[one.text].alarm for one in some)
        print(f"{label} taken for a symptom: {heard} of {len(some)}")


def _line(name: str, messages: Sequence[Message], findings: dict[str, Finding], by_words: dict[str, Finding]) -> None:
    if messages:
        alarmed = sum(findings[one.text].alarm is not None for one in messages) / len(messages)
        words = sum(by_words[one.text].alarm is not None for one in messages) / len(messages)
        print(f"{name:34} alarmed {alarmed:7.2%} of {len(messages):5}  by words alone {words:7.2%}")


def _level(finding: Finding) -> str:
    return finding.alarm.level.value if finding.alarm else ""


def _beside(triage: Triage, messages: Sequence[Message], findings: dict[str, Finding], *, show: bool) -> None:
    """Put ordinary messages before and after the urgent ones that are found by themselves."""
    chance = random.Random(0)
    ordinary = [one for one in messages if one.label == "ordinary"]
    tried, silenced = 0, []
    for one in messages:
        if one.urgent and findings[one.text].alarm:
            for other in chance.sample(ordinary, min(BESIDE, len(ordinary))):
                parts = chance.sample([one.text.rstrip("."), other.text.rstrip(".")], 2)
                text = chance.choice(JOINERS).join(parts)
                tried += 1
                silenced += [] if triage.read(text).alarm else [text]
    if tried:
        print(f"alarms silenced by what stands beside: {len(silenced)} of {tried}")
        print("".join(f"    {text}\n" for text in silenced if show), end="")


if __name__ == "__main__":
    main()
