"""Measures the word lists of a language on its own messages, and on English ones, which must not alarm.

python -m training.check_language es
"""

import argparse

from chatbot.language import read_words
from chatbot.triage import LANGUAGES, Triage
from training.triage_lists import HELD_OUT, LISTS, Message, read_lists


def main() -> None:
    """Print the shares of urgent and of ordinary messages that alarm, with each miss and each false alarm."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("language", choices=[language for language in LANGUAGES if language != "en"])
    language = parser.parse_args().language
    triage = Triage.standard()
    for folder in (LISTS / "languages", HELD_OUT / "languages"):
        messages = [message for message in read_lists(folder) if message.writer == language]
        if messages:
            _report(f"{folder.name}: {folder.parent.name}", triage, messages)
    wrong = []
    english = [message for message in [*read_lists(), *read_lists(HELD_OUT)] if not message.urgent]
    for message in english:
        alarms = triage.alarms_in(language, read_words(message.text))
        wrong += [f"{message.text}  [{alarms[0].rule}]"] if alarms else []
    print(f"English messages alarmed by the {language} lists: {len(wrong)} of {len(english)}")
    print("".join(f"    {line}\n" for line in wrong))


def _report(name: str, triage: Triage, messages: list[Message]) -> None:
    urgent = [message for message in messages if message.urgent]
    ordinary = [message for message in messages if message.label == "ordinary"]
    findings = {message.text: triage.read(message.text) for message in messages}
    missed = [message for message in urgent if not findings[message.text].alarm]
    alarmed = [message for message in ordinary if findings[message.text].alarm]
    print(f"{name}: found {1 - len(missed) / len(urgent):.1%} of {len(urgent)} urgent messages")
    print("".join(f"    {message.label:10} {message.text}\n" for message in missed))
    print(f"{name}: alarmed {len(alarmed)} of {len(ordinary)} ordinary messages")
    print("".join(f"    {message.style:12} {message.text}  [{findings[message.text].alarm}]\n" for message in alarmed))
    other = [message for message in messages if findings[message.text].language != message.writer]
    print(f"{name}: taken for another language {len(other)} of {len(messages)}")
    print("".join(f"    {findings[message.text].language} {message.text}\n" for message in other[:15]))
    level = [
        message for message in urgent if (alarm := findings[message.text].alarm) and alarm.level.value != message.label
    ]
    print(f"{name}: another level {len(level)} of {len(urgent)}")


if __name__ == "__main__":
    main()
