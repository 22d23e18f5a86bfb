"""A question that several pages answer: the visitor is asked which one is meant, and gets the answer of that page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.answering.explanation import build_explanation
from chatbot.answering.gate import Logistic
from chatbot.answering.pipeline import Pipeline, PipelineResult
from chatbot.answering.turn import PipelineComponents
from chatbot.indexing import ExactStore, build_index, open_index
from chatbot.records import Alarm, Choice, Level, Outcome, Passage
from chatbot.triage import Finding
from tests.answering.conftest import BY_WORDS, KnownFindings, serving, sure
from tests.conftest import WordEncoder

PAGES = {
    "peels.md": "---\ntitle: Chemical peels\n---\nThe redness lasts two days. Shower at once.\n",
    "laser.md": "---\ntitle: Thread vein laser\n---\nThe redness lasts one week. A numbing gel helps. Shower later.\n",
    "fillers.md": "---\ntitle: Dermal fillers\n---\nThe swelling goes in three weeks.\n",
}
UNNAMED = "how long does the redness last"
CHOICES = {Choice("Chemical peels", "peels.md"), Choice("Thread vein laser", "laser.md")}


class Desk:
    """A pipeline over some pages whose gate gives every passage the same confidence."""

    def __init__(self, folder: Path, pages: Mapping[str, str]) -> None:
        (folder / "corpus").mkdir()
        for name, text in pages.items():
            (folder / "corpus" / name).write_text(text)
        build_index(folder / "corpus", folder / "index", WordEncoder(), ExactStore)
        self.serving = serving(open_index(folder / "corpus", folder / "index", WordEncoder(), ExactStore)[1])
        self.gate = sure(0.9)

    def ask(
        self,
        question: str,
        *history: str,
        document: str | None = None,
        findings: Mapping[str, Finding] | None = None,
    ) -> PipelineResult:
        tools = PipelineComponents(WordEncoder(), BY_WORDS, self.gate, KnownFindings(findings or {}))
        return Pipeline(tools).answer(question, history, self.serving, document)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, PAGES)


def test_a_question_that_names_no_page_is_asked_back(desk: Desk) -> None:
    result = desk.ask(UNNAMED)
    answer = result.answer
    assert (answer.outcome, answer.message, result.rule) == (
        Outcome.RELATED,
        "Which one do you mean?",
        "asks which page",
    )
    assert set(answer.choices) >= CHOICES
    assert {citation.passage.document for citation in answer.citations} >= {"peels.md", "laser.md"}
    assert [citation.highlights for citation in answer.citations if citation.highlights] == []
    assert (answer.suggestions, answer.contact, answer.contact_first) == ((), "", False)
    choice = answer.choices[0]
    assert answer.as_dict()["choices"][0] == {"title": choice.title, "document": choice.document}  # type: ignore[index] # of plain values


class Unconvinced:
    """A reader to whom no passage answers anything."""

    def read(self, question: str, passages: Sequence[Passage]) -> list[float]:
        assert question
        return [-9.0 for _ in passages]


def test_nothing_is_asked_back_where_no_page_answers(desk: Desk) -> None:
    gate = replace(desk.gate, read=Logistic((0.0, 0.0, 0.0, 0.0, 1.0, 0.0), 0.0))
    tools = PipelineComponents(WordEncoder(), BY_WORDS, gate, KnownFindings({}), Unconvinced())
    answer = Pipeline(tools).answer(UNNAMED, (), desk.serving).answer
    assert (answer.outcome, answer.choices) == (Outcome.NOT_FOUND, ())


def test_the_contact_is_named_to_those_who_ask_for_it(desk: Desk) -> None:
    result = desk.ask(UNNAMED, findings={UNNAMED: Finding(wants_person=True)})
    assert result.answer.choices
    assert result.answer.contact.startswith("0123")


@pytest.mark.parametrize("document", ["peels.md", "laser.md"])
def test_the_chosen_page_alone_answers(desk: Desk, document: str) -> None:
    result = desk.ask(UNNAMED, document=document)
    assert result.answer.outcome is Outcome.ANSWERED
    assert result.answer.choices == ()
    assert {citation.passage.document for citation in result.answer.citations} == {document}
    assert {hit.passage.document for hit in result.hits} == {document}


def test_the_answer_of_a_chosen_page_can_be_explained(desk: Desk) -> None:
    explanation = build_explanation(desk.gate, desk.serving, desk.ask(UNNAMED, document="laser.md"), 1.0)
    assert {candidate.passage.document for candidate in explanation.candidates} == {"laser.md"}


def test_no_reply_of_the_clinic_goes_before_the_chosen_page(desk: Desk) -> None:
    desk.gate = sure(0.2)
    assert desk.ask("opening hours").answer.message == "From 9 to 5."
    chosen = desk.ask("opening hours", document="peels.md").answer
    assert chosen.citations[0].passage.document == "peels.md"


def test_an_alarm_goes_before_the_chosen_page(desk: Desk) -> None:
    findings = {UNNAMED: Finding(alarm=Alarm(Level.EMERGENCY, "breathing"))}
    assert desk.ask(UNNAMED, document="laser.md", findings=findings).answer.outcome is Outcome.URGENT


def test_nothing_is_asked_back_after_an_alarm(desk: Desk) -> None:
    findings = {"help": Finding(alarm=Alarm(Level.TODAY, "swelling"))}
    assert desk.ask(UNNAMED, "help", findings=findings).answer.choices == ()


def test_the_conversation_says_which_page_is_meant(desk: Desk) -> None:
    answer = desk.ask(UNNAMED, "does the numbing gel of the laser help well").answer
    assert answer.choices == ()
    assert {citation.passage.document for citation in answer.citations} == {"laser.md"}


def test_a_conversation_about_another_page_leaves_the_question_open(tmp_path: Path) -> None:
    trees = ["ash", "beech", "cedar", "dogwood", "elder"]
    others = {f"{tree}.md": f"---\ntitle: Laser {tree}\n---\nThe redness lasts. {f'{tree} ' * 9}\n" for tree in trees}
    desk = Desk(tmp_path, PAGES | others)
    answer = desk.ask(UNNAMED, "swelling goes in three weeks with dermal fillers").answer
    assert len(answer.choices) == 5
    assert "fillers.md" not in {choice.document for choice in answer.choices}


def test_an_earlier_question_that_was_unclear_itself_decides_nothing(desk: Desk) -> None:
    assert set(desk.ask(UNNAMED, UNNAMED).answer.choices) >= CHOICES


@pytest.mark.parametrize("typed", ["laser", "the laser one please", "Thread vein laser"])
def test_a_typed_choice_answers_the_question_that_was_asked_back(desk: Desk, typed: str) -> None:
    result = desk.ask(typed, UNNAMED)
    assert (result.answer.question, result.answer.understood_as) == (typed, UNNAMED)
    assert (result.answer.outcome, result.rule) == (Outcome.ANSWERED, "names the page")
    assert {citation.passage.document for citation in result.answer.citations} == {"laser.md"}


@pytest.mark.parametrize("typed", ["does a numbing gel help with the laser", "neither"])
def test_another_message_after_asking_back_is_a_question_of_its_own(desk: Desk, typed: str) -> None:
    assert desk.ask(typed, UNNAMED).rule != "names the page"
