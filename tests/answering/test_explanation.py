from collections.abc import Sequence
from dataclasses import replace

import pytest

from chatbot.answering.citations import highlights
from chatbot.answering.explanation import build_explanation
from chatbot.answering.gate import GATE_SIGNALS, Logistic, gate_signals
from chatbot.answering.pipeline import Pipeline, PipelineResult
from chatbot.answering.ranking import Ranking
from chatbot.answering.reader import PassageReader
from chatbot.answering.turn import PipelineComponents
from chatbot.clinic import Answers
from chatbot.indexing import Index
from chatbot.records import Answer, Highlight, Outcome, Passage
from chatbot.triage import Finding
from chatbot.triage.small_talk import SmallTalkReply
from tests.answering.conftest import CLINIC, IndexOf, KnownFindings, Section, serving, sure
from tests.conftest import WordEncoder

ALL_SIGNALS = Ranking((1.0, 2.0, 3.0, 4.0))
GATE = replace(sure(0.5), unread=Logistic((2.0, 3.0, 0.5, 0.0), 0.0), related=0.17)
PARTS: tuple[Section, ...] = tuple(
    (f"Part {name}", f"A laser treats {name}. Rest w{number} x{number} y{number} days.")
    for number, name in enumerate("scars redness moles veins hair spots lines pores tone tags warts rosacea".split())  # noqa: SIM905 -- a list would take 12 lines
)


@pytest.fixture
def index(index_of: IndexOf) -> Index:
    return index_of(*PARTS)


def answered(
    index: Index, question: str, *history: str, finding: Finding | None = None, reader: PassageReader | None = None
) -> PipelineResult:
    triage = KnownFindings({question: finding or Finding()})
    tools = PipelineComponents(WordEncoder(), ALL_SIGNALS, GATE, triage, reader)
    return Pipeline(tools).answer(question, history, serving(index))


def test_an_explanation_holds_the_answer_and_the_signals_of_the_gate(index: Index) -> None:
    result = answered(index, "when does a laser treat moles")
    search_result = result.search_result
    assert search_result
    explanation = build_explanation(GATE, serving(index), result, 12.5)
    values = gate_signals(index, search_result.topic_free, search_result.gate_text, search_result.hits)
    assert (explanation.answer, explanation.milliseconds, explanation.matched) == (result.answer, 12.5, "")
    assert explanation.aspect == "when does a moles"
    assert explanation.signals == dict(zip(GATE_SIGNALS, values, strict=True))
    assert values[2] == 1.0


class ByLength:
    """A reader that reads longer passages as more likely."""

    def __init__(self) -> None:
        self.questions: list[str] = []

    def read(self, question: str, passages: Sequence[Passage]) -> list[float]:
        self.questions.append(question)
        return [len(passage.text) / 10 for passage in passages]


def test_what_the_reader_says_is_among_the_signals(index: Index) -> None:
    reader = ByLength()
    result = answered(index, "when does a laser treat moles", reader=reader)
    assert reader.questions == ["when does a laser treat moles"]
    explanation = build_explanation(GATE, serving(index), result, 1)
    readings = [candidate.reading for candidate in explanation.candidates]
    assert readings[:3] == [len(candidate.passage.text) / 10 for candidate in explanation.candidates[:3]]
    assert set(readings[3:]) == {None}
    assert explanation.signals["reading"] == readings[0]
    assert explanation.signals["mean_reading"] == pytest.approx(sum(filter(None, readings)) / 3)


def test_a_clinics_care_says_from_which_confidence_passages_are_given(index: Index) -> None:
    result = answered(index, "when does a laser treat moles")
    explanation = build_explanation(GATE, serving(index), result, 1)
    assert (explanation.answered, explanation.related) == (0.7, 0.17)
    careless = serving(index, replace(CLINIC, answers=Answers(0.19)))
    assert build_explanation(GATE, careless, result, 1).answered == 0.4


def test_the_ten_best_candidates_are_listed_with_their_evidence(index: Index) -> None:
    result = answered(index, "when does a laser treat moles")
    search_result = result.search_result
    assert search_result
    candidates = build_explanation(GATE, serving(index), result, 1).candidates
    assert [candidate.passage for candidate in candidates] == [hit.passage for hit in search_result.hits[:10]]
    assert [candidate.score for candidate in candidates] == [hit.score for hit in search_result.hits[:10]]
    for hit, candidate in zip(search_result.hits[:10], candidates, strict=True):
        assert candidate.confidence == GATE.confidence(index, search_result, hit)
        assert candidate.highlights == highlights(index, search_result.query, hit.passage)
    assert candidates[0].confidence > candidates[9].confidence


def test_a_candidates_sentences_are_marked_for_the_whole_conversation(index: Index) -> None:
    result = answered(index, "and moles", "Do I rest w2 x2 y2 at all?")
    best = build_explanation(GATE, serving(index), result, 1).candidates[0]
    assert best.passage.text == "A laser treats moles. Rest w2 x2 y2 days."
    assert best.highlights == (Highlight(22, 41),)


def test_a_score_is_the_weighted_mean_of_the_named_signals(index: Index) -> None:
    result = answered(index, "when does a laser treat moles")
    for candidate in build_explanation(GATE, serving(index), result, 1).candidates:
        by_name = candidate.signals
        assert list(by_name) == ["maxsim", "content_maxsim", "sentence", "bm25"]
        weighted = by_name["maxsim"] + 2 * by_name["content_maxsim"] + 3 * by_name["sentence"] + 4 * by_name["bm25"]
        assert candidate.score == pytest.approx(weighted / 10)


def test_where_nothing_was_searched_for_there_are_no_candidates(index: Index) -> None:
    result = answered(index, "thanks", finding=Finding(small_talk=SmallTalkReply("thanks", "You are welcome.")))
    explanation = build_explanation(GATE, serving(index), result, 1)
    assert (explanation.candidates, explanation.aspect, explanation.signals, explanation.matched) == (
        (),
        "",
        {},
        "thanks",
    )
    assert isinstance(explanation.answer, Answer)
    assert explanation.answer.outcome is Outcome.REPLY
