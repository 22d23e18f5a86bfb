import json
import random
from collections import defaultdict
from pathlib import Path

import pytest

from benchmarks.console import questions
from training.fragments import fragments
from training.wordings import Paraphrase, intents, paraphrases, sample_intents


def test_harmless_messages_hold_the_paraphrases_and_the_clinics_examples() -> None:
    texts = {message.text for message in fragments()}
    assert {"what's the price", "botox", "What training do you have?"} <= texts


def test_the_console_benchmark_makes_as_many_questions_as_asked() -> None:
    made = questions(random.Random(1), 300)  # noqa: S311 -- chance varies data, it keeps no secret
    assert len(made) == 300
    assert len(set(made)) > 200


def test_a_paraphrase_has_its_part_clinic_and_question() -> None:
    assert next(paraphrases()) == Paraphrase("fit", "anywhere", "price", "how much is {}?")
    assert {paraphrase.part for paraphrase in paraphrases()} == {"fit", "held"}


def test_every_intent_is_sampled_and_no_subject_is_left_open() -> None:
    sampled = sample_intents(1)
    assert {kind for kind, _ in sampled} == set(intents("replies")) | set(intents("pages"))
    assert not any("{}" in text for _, text in sampled)


SITES = sorted(path.parent for path in (Path(__file__).parents[1] / "training" / "sites").glob("*/questions.jsonl"))


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_the_questions_of_a_made_up_site_fit_its_pages(site: Path) -> None:
    pages = [path.read_text("utf-8") for path in (site / "corpus").rglob("*.md")]
    questions = [json.loads(line) for line in (site / "questions.jsonl").read_text("utf-8").splitlines()]
    pairs = defaultdict(set)
    for question in questions:
        assert question["expect"] == ("answer" if question["gold"] else "abstain")
        assert all(any(gold in page for page in pages) for gold in question["gold"])
        pairs[question["pair"]].add(question["expect"])
    assert len({question["id"] for question in questions}) == len(questions) >= 120
    assert all(sides == {"answer", "abstain"} for label, sides in pairs.items() if label)
