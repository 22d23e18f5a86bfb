"""Measures triage as a whole: the share of messages that alarm, by label and by style.

    python -m training.measure_triage [--data FOLDER] [--list FILE] [--show]

Without `--list` it reads the lists that no fit has seen, `training/triage/held-out/`. Urgent messages are also joined
to ordinary ones, before and after. The harmless questions of the made-up sites that no fit has seen follow. With
`--data`, the questions of the public collections are measured too, all as ordinary messages.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from chatbot.indexing import load_encoder
from chatbot.triage import Finding, Triage
from training.corpora import held_out_folders
from training.triage_lists import HELD_OUT, Message, public_questions, read_lists, site_questions

JOINED = 4  # ordinary messages that each urgent one is joined to
JOINERS = (". ", ", ", " and ", " ")


def main() -> None:
    """Print a line for each label and style."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder of the public collections")
    parser.add_argument("--list", type=Path, help="measure this list alone")
    parser.add_argument("--show", action="store_true", help="show what was missed or alarmed")
    options = parser.parse_args()
    triage, words = Triage.standard(load_encoder()), Triage.standard()
    messages = read_lists(HELD_OUT)
    if options.list:
        messages = [message for message in read_lists(options.list.parent) if message.writer == options.list.stem]
    findings = {message.text: triage.read(message.text) for message in messages}
    by_words = {message.text: words.read(message.text) for message in messages}
    _print_shares(messages, findings, by_words)
    _print_levels(messages, findings)
    if options.show:
        for message in messages:
            alarm = findings[message.text].alarm
            if bool(alarm) != message.urgent and message.label not in {"symptom", "harmless"}:
                print(f"    {message.label:10} {message.style:12} {message.text}  [{alarm.rule if alarm else ''}]")
    _print_joined(triage, messages, findings, show=options.show)
    sites = [message.text for message in site_questions(held_out_folders())]
    for name, texts in {"sites": sites, **(public_questions(options.data) if options.data else {})}.items():
        alarmed = [text for text in texts if triage.read(text).alarm]
        print(f"{name:34} alarmed {len(alarmed) / len(texts):7.2%} of {len(texts)}")


def _print_shares(messages: Sequence[Message], findings: dict[str, Finding], by_words: dict[str, Finding]) -> None:
    for label in ("emergency", "today", "crisis", "urgent", "ordinary", "symptom", "harmless"):
        for practical in (False, True):
            chosen = [
                message
                for message in messages
                if message.label == label and (message.style == "practical") == practical
            ]
            _print_share(f"{label}{', practical' if practical else ''}", chosen, findings, by_words)
    for style in ("lookalike", "past", "hypothetical", "negated", "general"):
        chosen = [message for message in messages if message.label == "ordinary" and message.style == style]
        _print_share(f"ordinary, {style}", chosen, findings, by_words)


def _print_levels(messages: Sequence[Message], findings: dict[str, Finding]) -> None:
    for label in ("emergency", "today", "crisis"):
        right = [message for message in messages if message.label == label and _level(findings[message.text]) == label]
        print(f"{label} at its own level: {len(right)} of {sum(message.label == label for message in messages)}")
    symptoms = {label: [message for message in messages if message.label == label] for label in ("symptom", "ordinary")}
    for label, chosen in symptoms.items():
        count = sum(findings[message.text].symptom and not findings[message.text].alarm for message in chosen)
        print(f"{label} taken for a symptom: {count} of {len(chosen)}")


def _print_share(
    name: str, messages: Sequence[Message], findings: dict[str, Finding], by_words: dict[str, Finding]
) -> None:
    if messages:
        alarmed = sum(findings[message.text].alarm is not None for message in messages) / len(messages)
        words = sum(by_words[message.text].alarm is not None for message in messages) / len(messages)
        print(f"{name:34} alarmed {alarmed:7.2%} of {len(messages):5}  by words alone {words:7.2%}")


def _level(finding: Finding) -> str:
    return finding.alarm.level.value if finding.alarm else ""


def _print_joined(triage: Triage, messages: Sequence[Message], findings: dict[str, Finding], *, show: bool) -> None:
    """Print how many urgent messages that alarm by themselves do not when joined to an ordinary one."""
    chance = random.Random(0)
    ordinary = [message for message in messages if message.label == "ordinary"]
    joined, silenced = 0, []
    for message in messages:
        if message.urgent and findings[message.text].alarm:
            for other in chance.sample(ordinary, min(JOINED, len(ordinary))):
                parts = chance.sample([message.text.rstrip("."), other.text.rstrip(".")], 2)
                text = chance.choice(JOINERS).join(parts)
                joined += 1
                silenced += [] if triage.read(text).alarm else [text]
    if joined:
        print(f"alarms silenced by a joined message: {len(silenced)} of {joined}")
        print("".join(f"    {text}\n" for text in silenced if show), end="")


if __name__ == "__main__":
    main()
