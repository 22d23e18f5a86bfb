"""Questions that a page answers by itself, asked word for word and in other words, with the packaged model."""

from pathlib import Path

import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import Encoder, build_index
from chatbot.records import Answer, Outcome

FAQ = (
    ("Do I need to shave before the ECG?", "No."),
    ("May I breastfeed after the scan?", "Yes, straight away."),
    ("Can you see my father without a letter?", "No, he needs one from his GP."),
    ("Is the treadmill test safe with a pacemaker?", "No."),
    ("Do you speak Polish?", "Yes."),
    ("Is the waiting room open on Sundays?", "No."),
)
LABELLED = "# Questions\n\n" + "\n\n".join(f"Q: {question}\n\nA: {answer}" for question, answer in FAQ)
TABLE = "# Questions\n\n| Question | Answer |\n|-|-|\n" + "\n".join(
    f"| {question} | {answer} |" for question, answer in FAQ
)
HEADINGS = "# Questions\n\n" + "\n\n".join(f"## {question}\n\n{answer}" for question, answer in FAQ)
OTHER = "# Holter\n\nThe recorder is worn for a day and a night. Do not take a bath. Bring it back before ten."


def bot_of(folder: Path, encoder: Encoder, text: str) -> Chatbot:
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "faq.md").write_text(text)
    (corpus / "holter.md").write_text(OTHER)
    build_index(corpus, folder / "index", encoder)
    return Chatbot(corpus, folder / "index", encoder, Clinic())


def marks(answer: Answer) -> list[str]:
    return [cited.passage.text[mark.start : mark.end] for cited in answer.citations for mark in cited.highlights]


@pytest.mark.parametrize("text", [LABELLED, TABLE, HEADINGS], ids=["labels", "table", "headings"])
def test_each_question_gets_its_own_answer_marked_and_no_other(text: str, tmp_path: Path, encoder: Encoder) -> None:
    bot = bot_of(tmp_path, encoder, text)
    for question, answer in FAQ:
        reply = bot.ask(question)
        assert (reply.outcome, marks(reply)) == (Outcome.ANSWERED, [answer])
    for question in ("is the treadmill test dangerous with a pacemaker", "are you closed on sunday?"):
        assert "No." not in marks(bot.ask(question))[:1]


PRICES = "# Prices\n\n| Area | Members | Guests |\n|-|-|-|\n" + "\n".join(
    f"| {area} massage, and a rest in the quiet room behind the pool | \u00a3{20 + number} | \u00a3{30 + number} |"
    for number, area in enumerate(
        ("Foot", "Hand", "Neck", "Back", "Scalp", "Arm", "Leg", "Face", "Knee", "Hip", "Chest")
    )
)


def test_a_row_is_quoted_with_the_names_of_its_columns(tmp_path: Path, encoder: Encoder) -> None:
    bot = bot_of(tmp_path, encoder, PRICES)
    best = bot.ask("how much is a chest massage?").citations[0]
    assert best.passage.text[slice(*best.as_dict()["highlights"][0])].startswith("Chest massage")  # type: ignore[index]
    start, end = best.passage.header or (0, 0)
    assert best.as_dict()["header"] == {"text": "Area | Members | Guests", "start": start, "end": end}
    assert bot.document("faq.md").text[start:end] == "Area | Members | Guests"
    kinds = [block["kind"] for block in best.as_dict()["blocks"]]  # type: ignore[attr-defined]
    assert set(kinds) == {"table", "row"}
