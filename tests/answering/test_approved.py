"""Approved questions: the same words, other words, and what may not match."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chatbot.answering import ApprovedMatcher, ApprovedQuestion, folded_question
from chatbot.answering.approved import APPROVED_SIGNALS, ApprovedModel, SignalWeights
from chatbot.answering.pipeline import Pipeline, PipelineResult
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import search
from chatbot.answering.turn import PipelineComponents
from chatbot.indexing import Encoder, Index, build_index, open_index
from chatbot.language import Spelling
from chatbot.records import Alarm, Level, Outcome, Passage
from chatbot.triage import Finding
from tests.answering.conftest import BY_WORDS, IndexOf, KnownFindings, Section, never, serving, sure
from tests.conftest import WordEncoder

PARTS: tuple[Section, ...] = (
    ("Does it hurt?", "A numbing cream is used. Most people feel nothing."),
    ("Redness", "Redness fades within two days."),
    ("Scars", "Old scars fade slowly."),
    ("Swimming", "Wait three days before you swim."),
)
ASKED = "When will I look normal again?"


@pytest.fixture
def index(index_of: IndexOf) -> Index:
    return index_of(*PARTS)


def redness(index: Index) -> Passage:
    return next(passage for passage in index.passages if passage.text.startswith("Redness"))


def answer(
    index: Index,
    question: str,
    *history: str,
    approved: Sequence[ApprovedQuestion],
    findings: Mapping[str, Finding] | None = None,
    confidence: float = 0.15,
) -> PipelineResult:
    """Answer as the pipeline does whose gate gives every passage this confidence."""
    encoder = WordEncoder()
    matcher = ApprovedMatcher.of(approved, index, encoder, Spelling(index.words, never))
    tools = PipelineComponents(encoder, BY_WORDS, sure(confidence), KnownFindings(findings or {}))
    return Pipeline(tools).answer(question, history, replace(serving(index), approved=matcher))


@pytest.mark.parametrize("question", [ASKED, "when will i look NORMAL again", "  When will I look normal again ?!"])
def test_the_same_words_get_the_approved_passage(index: Index, question: str) -> None:
    passage = redness(index)
    result = answer(index, question, approved=[ApprovedQuestion.of(ASKED, passage)])
    assert (result.answer.outcome, result.answer.confirmed) == (Outcome.ANSWERED, True)
    assert [citation.passage for citation in result.answer.citations] == [passage]
    assert result.answer.citations[0].highlights
    assert result.answer.confidence == ApprovedModel.fitted().exact
    assert result.rule == f"the approved question “{ASKED}”"


def test_an_approved_passage_of_a_copy_is_shown_as_the_page_s(tmp_path: Path) -> None:
    corpus, words = tmp_path / "corpus", WordEncoder()
    (corpus / "old").mkdir(parents=True)
    for name in ("care.md", "old/care.md"):
        (corpus / name).write_text("# Care\n\nRedness fades within two days.\n")
    build_index(corpus, tmp_path / "index", words)
    index = open_index(corpus, tmp_path / "index", words)[1]
    (copy,), (page,) = index.passages_of("old/care.md"), index.passages_of("care.md")
    (cited,) = answer(index, ASKED, approved=[ApprovedQuestion.of(ASKED, copy)]).answer.citations
    assert cited.passage == page
    assert [place.document for place in cited.also_at] == ["old/care.md"]


def test_without_an_approval_the_pages_answer(index: Index) -> None:
    result = answer(index, ASKED, approved=[ApprovedQuestion.of("Something else?", redness(index))])
    assert (result.answer.outcome, result.answer.confirmed, result.rule) == (Outcome.RELATED, False, "")


def test_a_question_that_no_page_answers_is_not_found(index: Index) -> None:
    question = "Does it hurt?"
    result = answer(index, question, approved=[ApprovedQuestion.of(question, None)], confidence=0.9)
    assert (result.answer.outcome, result.answer.citations) == (Outcome.NOT_FOUND, ())
    assert result.answer.confirmed
    assert result.answer.contact_first
    assert "0123" in result.answer.contact


def test_a_passage_whose_words_have_changed_is_not_shown(index: Index) -> None:
    passage = redness(index)
    for other in (
        replace(passage, text="Redness fades within five days."),
        replace(passage, headings=("Bruises",)),
        replace(passage, document="gone.md"),
    ):
        approved = ApprovedQuestion.of(ASKED, other)
        assert approved.find(index) is None
        assert not answer(index, ASKED, approved=[approved]).answer.confirmed
    assert ApprovedQuestion.of(ASKED, passage).find(index) == passage


def test_safety_goes_before_an_approved_question(index: Index) -> None:
    approved = [ApprovedQuestion.of(ASKED, redness(index))]
    alarm = Finding(alarm=Alarm(Level.EMERGENCY, "breathing"))
    assert answer(index, ASKED, approved=approved, findings={ASKED: alarm}).answer.outcome is Outcome.URGENT
    own = answer(index, ASKED, approved=approved, findings={ASKED: Finding(symptom=True)})
    assert own.rule == "a symptom of their own"
    assert [citation.passage for citation in own.answer.citations] == [redness(index)]
    assert own.answer.citations[0].highlights == ()
    wishes = answer(index, ASKED, approved=approved, findings={ASKED: Finding(person=True)})
    assert wishes.rule == "asks for a person"


def test_an_approved_keyword_goes_before_a_reply_of_the_clinic(index: Index) -> None:
    passage = redness(index)
    assert answer(index, "fees", approved=[]).rule == "price"
    assert answer(index, "fees", approved=[ApprovedQuestion.of("fees", passage)]).answer.confirmed


def test_an_approved_question_in_another_language_is_answered(index: Index) -> None:
    polish = "kiedy zejdzie mi zaczerwienienie skory"
    assert answer(index, polish, approved=[]).rule == "another language"
    assert answer(index, polish, approved=[ApprovedQuestion.of(polish, redness(index))]).answer.confirmed


def test_a_follow_up_matches_after_its_own_question_alone(index: Index) -> None:
    approved = [ApprovedQuestion.of("and how long?", redness(index), ["Does redness fade?"])]
    assert answer(index, "and how long?", "does redness fade", approved=approved).answer.confirmed
    for history in ((), ("Can I swim?",)):
        assert not answer(index, "and how long?", *history, approved=approved).answer.confirmed


def test_the_first_of_two_decisions_on_a_question_counts(index: Index) -> None:
    decisions = [ApprovedQuestion.of(ASKED, None), ApprovedQuestion.of(ASKED, redness(index))]
    assert answer(index, ASKED, approved=decisions).answer.outcome is Outcome.NOT_FOUND


def test_folding_keeps_words_alone() -> None:
    assert folded_question("  Can I - please - SWIM, again?! ") == "can i please swim again"


PAGES = {
    "microneedling.md": """# Microneedling

## How long until I see results?

First changes show after four weeks, and the full result after three months.

## How long do results last?

Results last for about a year. A single session each spring keeps them up.

## Does it hurt?

A numbing cream is put on for thirty minutes. Most people feel a light scratching.
""",
    "peel.md": """# Chemical peel

## Does it hurt?

A peel stings for two minutes and then feels like sunburn until the evening.

## Downtime

The skin flakes from the third to the seventh day.
""",
    "visit.md": """# Your visit

## Parking

Twelve spaces behind the house, free for two hours.

## Opening hours

Monday to Friday from nine to five.
""",
}


@pytest.fixture(scope="module")
def pages(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("pages")
    for name, text in PAGES.items():
        (folder / name).write_text(text, "utf-8")
    built = tmp_path_factory.mktemp("index")
    build_index(folder, built, encoder)
    return open_index(folder, built, encoder)[1]


@pytest.fixture(scope="module")
def clinic(pages: Index, encoder: Encoder) -> ApprovedMatcher:
    def passage(words: str) -> Passage:
        return next(passage for passage in pages.passages if words in passage.text)

    approved = [
        ApprovedQuestion.of("how many months until I notice a difference", passage("First changes")),
        ApprovedQuestion.of("will microneedling be painful", passage("numbing cream")),
        ApprovedQuestion.of("is there anywhere to leave the car", passage("Twelve spaces")),
        ApprovedQuestion.of("do you have a creche", None),
    ]
    return ApprovedMatcher.of(approved, pages, encoder, Spelling(pages.words, lambda _: True))


def match(matcher: ApprovedMatcher, index: Index, encoder: Encoder, question: str) -> str | None:
    """Return the approved question that a question matches."""
    result = search(index, encoder, Ranking.fitted(), question)
    assert result
    found = matcher.match(index, question, result)
    return found.question.question if found else None


@pytest.mark.parametrize(
    ("question", "approved"),
    [
        ("where can I leave my car", "is there anywhere to leave the car"),
        ("is microneedling painful", "will microneedling be painful"),
        ("do you have a creche for my toddler", "do you have a creche"),
        ("how long does a result last", None),
        ("will a chemical peel be painful", None),
        ("who won the world cup", None),
    ],
)
def test_other_words_match_if_they_ask_the_same(
    clinic: ApprovedMatcher, pages: Index, encoder: Encoder, question: str, approved: str | None
) -> None:
    assert match(clinic, pages, encoder, question) == approved


def test_a_heading_word_for_word_goes_before_other_words(
    clinic: ApprovedMatcher, pages: Index, encoder: Encoder
) -> None:
    assert match(clinic, pages, encoder, "Parking") is None


def test_an_encoder_without_a_fit_matches_the_same_words_alone(index: Index) -> None:
    matcher = ApprovedMatcher.of(
        [ApprovedQuestion.of(ASKED, redness(index))], index, WordEncoder(), Spelling({}, never)
    )
    assert [entry.form for entry in matcher.entries] == [None]


def test_the_signals_tell_which_words_are_not_shared(index: Index) -> None:
    encoder = WordEncoder()
    unused = SignalWeights(np.zeros(len(APPROVED_SIGNALS), dtype=np.float32), 0.0, 1.0)
    model = ApprovedModel(unused, unused, 0.9, encoder.fingerprint)
    questions = [ApprovedQuestion.of("redness fades soon", redness(index)), ApprovedQuestion.of("old scars", None)]
    matcher = ApprovedMatcher.of(questions, index, encoder, Spelling(index.words, never), model)
    result = search(index, encoder, BY_WORDS, "redness fades swim soon")
    assert result
    (_, near), (_, far) = matcher.signals(index, result)
    signals = dict(zip(APPROVED_SIGNALS, near, strict=True))
    assert signals["cosine"] == pytest.approx(3 / np.sqrt(12), abs=1e-4)
    assert signals["reverse_maxsim"] == pytest.approx(1)
    assert signals["reverse_unshared"] == pytest.approx(0)
    assert signals["unsaid"] == pytest.approx(signals["unshared"])
    assert 0 < signals["said_elsewhere"] == pytest.approx(signals["unsaid"])
    assert signals["margin"] == pytest.approx(signals["cosine"], abs=1e-4)
    assert dict(zip(APPROVED_SIGNALS, far, strict=True))["margin"] == pytest.approx(-signals["cosine"], abs=1e-4)
