import random

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
