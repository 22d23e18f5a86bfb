from pathlib import Path

import pytest

from chatbot.answering import ReplyMatcher
from chatbot.clinic import Reply, load_clinic
from chatbot.indexing import SentenceEncoder
from tests.conftest import WordEncoder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def routes(encoder: SentenceEncoder) -> ReplyMatcher:
    return ReplyMatcher.of(load_clinic(ROOT / "clinic.toml").replies, encoder)


@pytest.mark.parametrize(
    ("question", "route"),
    [
        ("How much is it?", "price"),
        ("how much is botox?", "price"),
        ("price of lasik for both eyes", "price"),
        ("how do I book a hygienist visit", "booking"),
        ("what time does the dental clinic shut", "opening hours"),
        ("is there step free access to the physio rooms", "address and parking"),
        ("is ivf covered by insurance", "insurance and payment"),
        ("do you offer hair transplants", "other treatments"),
        ("can I have botox when pregnant", "suitability"),
        ("who will be putting in my implants", "staff and qualifications"),
    ],
)
def test_a_question_goes_to_its_route_whatever_treatment_it_names(
    routes: ReplyMatcher, encoder: SentenceEncoder, question: str, route: str
) -> None:
    match = routes.match(encoder.encode_questions([question])[0])
    assert match is not None
    assert match.reply.name == route
    assert match.score >= routes.projection.threshold


@pytest.mark.parametrize(
    "question",
    [
        "how long does botox last",
        "does a root canal hurt",
        "what is microneedling",
        "what should I avoid after fillers",
        "how many sessions of laser do I need",
        "is swelling normal after lip filler",
        "how does IVF work",
        "when will I see results from physio",
    ],
)
def test_a_question_for_the_pages_goes_to_no_route(
    routes: ReplyMatcher, encoder: SentenceEncoder, question: str
) -> None:
    assert routes.match(encoder.encode_questions([question])[0]) is None


def test_a_clinic_of_another_kind_has_routes_of_its_own(encoder: SentenceEncoder) -> None:
    pets = Reply("pets", ("Can I bring my dog?", "Are pets allowed?", "do you allow animals inside"), "Sorry, no.")
    match = ReplyMatcher.of([pets], encoder).match(encoder.encode_questions(["may my dog come in with me"])[0])
    assert match is not None
    assert match.reply is pets


def test_without_routes_or_with_another_encoder_nothing_matches(encoder: SentenceEncoder, words: WordEncoder) -> None:
    question = encoder.encode_questions(["How much is it?"])[0]
    assert ReplyMatcher.of([], encoder).match(question) is None
    price = Reply("price", ("How much is it?",), "Ask us.")
    assert ReplyMatcher.of([price], words).match(words.encode_questions(["How much is it?"])[0]) is None
