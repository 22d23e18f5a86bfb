"""A site with sister pages, built again after a few changed, as the benchmark of size does it with thousands."""

from pathlib import Path

import pytest

from benchmarks.size import change, write_site
from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import Encoder, build_index
from chatbot.records import Answer

pytestmark = pytest.mark.model
QUESTIONS = ("What does peel of the forehead cost in Bexley?", "Does the laser hurt?", "When is Camden open?")


def test_changed_pages_give_the_bytes_and_answers_of_a_full_build(encoder: Encoder, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    write_site(corpus, 60)
    full = build_index(corpus, tmp_path / "index", encoder)
    change(corpus, 3)
    (corpus / "kew" / "new.md").write_text("# Parking\n\nYou can park behind the branch for two hours.\n")
    next((corpus / "ealing").iterdir()).unlink()
    again = build_index(corpus, tmp_path / "index", encoder)
    anew = build_index(corpus, tmp_path / "anew", encoder)
    assert full.embedded > 60
    assert anew.embedded > 60
    assert 0 < again.embedded < 8
    assert again.build.manifest == anew.build.manifest  # which holds the SHA-256 of each file
    answers = [answers_of(corpus, tmp_path / name, encoder) for name in ("index", "anew")]
    assert answers[0] == answers[1]


def answers_of(corpus: Path, index: Path, encoder: Encoder) -> list[Answer]:
    bot = Chatbot(corpus, index, encoder, Clinic())
    return [bot.ask(question) for question in QUESTIONS]
