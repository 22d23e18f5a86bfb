from dataclasses import replace

import pytest

from chatbot.answering.citations import highlights
from chatbot.answering.explanation import build_explanation
from chatbot.answering.gate import gate_signals
from chatbot.answering.pipeline import Pipeline, PipelineResult
from chatbot.answering.ranking import Ranking
from chatbot.answering.turn import Tools
from chatbot.clinic import Answers
from chatbot.indexing import Index
from chatbot.records import Answer, Highlight, Outcome
from chatbot.triage import Finding
from chatbot.triage.small_talk import Reply
from tests.answering.conftest import CLINIC, IndexOf, KnownFindings, Section, serving, sure
from tests.conftest import WordEncoder

ALL_SIGNALS = Ranking((1.0, 2.0, 3.0, 4.0))
GATE = replace(sure(0.5), weights=(2.0, 3.0, 0.5), related=0.17)
PARTS: tuple[Section, ...] = tuple(
    (f"Part {name}", f"A laser treats {name}. Rest w{number} x{number} y{number} days.")
    for number, name in enumerate("scars redness moles veins hair spots lines pores tone tags warts rosacea".split())  # noqa: SIM905 -- a list would take 12 lines
)


@pytest.fixture
def index(index_of: IndexOf) -> Index:
    return index_of(*PARTS)


def worked(index: Index, question: str, *history: str, finding: Finding | None = None) -> PipelineResult:
    tools = Tools(WordEncoder(), ALL_SIGNALS, GATE, KnownFindings({question: finding or Finding()}))
    return Pipeline(tools).answer(question, history, serving(index))


def test_an_answer_is_told_with_what_it_was_made_of(index: Index) -> None:
    told = worked(index, "when does a laser treat moles")
    found = told.search_result
    assert found
    workings = build_explanation(GATE, serving(index), told, 12.5)
    read = gate_signals(index, found.topic_free, found.gate_text, found.hits)
    assert (workings.answer, workings.milliseconds, workings.matched) == (told.answer, 12.5, "")
    assert workings.aspect == "when does a moles"
    assert workings.signals == {"content_maxsim": read[0], "margin": read[1], "answer_type": read[2]}
    assert read[2] == 1.0


def test_a_clinics_care_says_from_which_confidence_passages_are_given(index: Index) -> None:
    told = worked(index, "when does a laser treat moles")
    workings = build_explanation(GATE, serving(index), told, 1)
    assert (workings.answered, workings.related) == (0.7, 0.17)
    careless = serving(index, replace(CLINIC, answers=Answers(0.19)))
    assert build_explanation(GATE, careless, told, 1).answered == 0.4


def test_the_ten_best_candidates_are_told_each_with_its_evidence(index: Index) -> None:
    told = worked(index, "when does a laser treat moles")
    found = told.search_result
    assert found
    candidates = build_explanation(GATE, serving(index), told, 1).candidates
    assert [one.passage for one in candidates] == [hit.passage for hit in found.hits[:10]]
    assert [one.score for one in candidates] == [hit.score for hit in found.hits[:10]]
    for hit, candidate in zip(found.hits[:10], candidates, strict=True):
        assert candidate.confidence == GATE.confidence(index, found, hit)
        assert candidate.highlights == highlights(index, found.query, hit.passage)
    assert candidates[0].confidence > candidates[9].confidence


def test_a_candidates_sentences_are_marked_for_the_whole_conversation(index: Index) -> None:
    told = worked(index, "and moles", "Do I rest w2 x2 y2 at all?")
    best = build_explanation(GATE, serving(index), told, 1).candidates[0]
    assert best.passage.text == "A laser treats moles. Rest w2 x2 y2 days."
    assert best.highlights == (Highlight(22, 41),)


def test_a_score_is_made_of_the_signals_that_are_told_by_name(index: Index) -> None:
    told = worked(index, "when does a laser treat moles")
    for candidate in build_explanation(GATE, serving(index), told, 1).candidates:
        made_of = candidate.signals
        assert list(made_of) == ["maxsim", "content_maxsim", "sentence", "bm25"]
        weighed = made_of["maxsim"] + 2 * made_of["content_maxsim"] + 3 * made_of["sentence"] + 4 * made_of["bm25"]
        assert candidate.score == pytest.approx(weighed / 10)


def test_where_nothing_was_searched_for_there_are_no_candidates(index: Index) -> None:
    told = worked(index, "thanks", finding=Finding(small_talk=Reply("thanks", "You are welcome.")))
    workings = build_explanation(GATE, serving(index), told, 1)
    assert (workings.candidates, workings.aspect, workings.signals, workings.matched) == ((), "", {}, "thanks")
    assert isinstance(workings.answer, Answer)
    assert workings.answer.outcome is Outcome.REPLY
