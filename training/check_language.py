"""Measures the word lists of one language on its own messages, and on English ones, which they must leave alone.

python -m training.check_language es
"""

import argparse

from chatbot.language import read_words
from chatbot.triage import LANGUAGES, Triage
from training.triage_lists import HELD_OUT, LISTS, Message, read_lists


def main() -> None:
    """Print what is found and what is alarmed, with each miss and each false alarm."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("language", choices=[one for one in LANGUAGES if one != "en"])
    language = parser.parse_args().language
    triage = Triage.standard()
    for folder in (LISTS / "languages", HELD_OUT / "languages"):
        messages = [one for one in read_lists(folder) if one.writer == language]
        if messages:
            _report(f"{folder.name}: {folder.parent.name}", triage, messages)
    wrong = []
    english = [one for one in [*read_lists(), *read_lists(HELD_OUT)] if not one.urgent]
    for one in english:
        found = triage.alarms_in(language, read_words(one.text))
        wrong += [f"{one.text}  [{found[0].rule}]"] if found else []
    print(f"English messages alarmed by the {language} lists: {len(wrong)} of {len(english)}")
    print("".join(f"    {line}\n" for line in wrong))


def _report(name: str, triage: Triage, messages: list[Message]) -> None:
    urgent = [one for one in messages if one.urgent]
    ordinary = [one for one in messages if one.label == "ordinary"]
    findings = {one.text: triage.read(one.text) for one in messages}
    missed = [one for one in urgent if not findings[one.text].alarm]
    alarmed = [one for one in ordinary if findings[one.text].alarm]
    print(f"{name}: found {1 - len(missed) / len(urgent):.1%} of {len(urgent)} urgent messages")
    print("".join(f"    {one.label:10} {one.text}\n" for one in missed))
    print(f"{name}: alarmed {len(alarmed)} of {len(ordinary)} ordinary messages")
    print("".join(f"    {one.style:12} {one.text}  [{findings[one.text].alarm}]\n" for one in alarmed))
    other = [one for one in messages if findings[one.text].language != one.writer]
    print(f"{name}: taken for another language {len(other)} of {len(messages)}")
    print("".join(f"    {findings[one.text].language} {one.text}\n" for one in other[:15]))
    level = [one for one in urgent if (a := findings[one.text].alarm) and a.level.value != one.label]
    print(f"{name}: another level {len(level)} of {len(urgent)}")


if __name__ == "__main__":
    main()
