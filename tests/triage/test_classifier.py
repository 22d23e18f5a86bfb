import json
import math
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chatbot.fitted import fitted_fingerprint
from chatbot.indexing import Encoded, Encoder, Vectors
from chatbot.records import Level
from chatbot.triage import EmergencyClassifier
from chatbot.triage.classifier import GRAPH, LABELS, Thresholds, onnx_layers, onnx_weights
from tests.conftest import WordEncoder
from tests.triage.conftest import RatedEncoder, rating_classifier
from training.export_classifier import graph_of

CLASSIFIER = EmergencyClassifier.fitted()
IN_NUMPY = EmergencyClassifier.fitted(on_onnxruntime=False)
FOLDER = files("chatbot.triage")
Layer = type(IN_NUMPY.layers[0])
D = 4  # numbers of a state in hand-made layers
SHAPES = {
    "attend": (D, 3 * D),
    "attend_bias": (3 * D,),
    "join": (D, D),
    "join_bias": (D,),
    "join_norm": (2, D),
    "widen": (D, 4 * D),
    "widen_bias": (4 * D,),
    "narrow": (4 * D, D),
    "narrow_bias": (D,),
    "narrow_norm": (2, D),
}
HAND_MADE = EmergencyClassifier(
    tuple(
        Layer(**{name: drawn.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()})
        for drawn in (np.random.default_rng(1), np.random.default_rng(2))
    ),
    2,
    np.random.default_rng(3).normal(size=(2 * D, 5)).astype(np.float32),
    np.random.default_rng(4).normal(size=5).astype(np.float32),
    Thresholds(),
    "hand-made",
)


def encoded(states: Vectors | None) -> Encoded:
    none = np.zeros((0, 2), np.int32)
    return Encoded(np.zeros(D, np.float32), np.zeros((0, D), np.float32), none[:, 0], none, states)


def norm(row: NDArray[Any], gain: Vectors) -> NDArray[Any]:
    return np.asarray((row - row.mean()) / math.sqrt(((row - row.mean()) ** 2).mean() + 1e-12) * gain[0] + gain[1])


def attended(queries: Vectors, at: int, heads: int) -> Vectors:
    """Return what one token gathers from all, a head at a time."""
    size = D // heads
    gathered = []
    for start, end in pairwise(range(0, D + 1, size)):
        query, keys, values = queries[at, start:end], queries[:, D:][:, start:end], queries[:, 2 * D :][:, start:end]
        powers = [math.exp(float(query @ key) / math.sqrt(size)) for key in keys]
        gathered.append(sum(power / sum(powers) * value for power, value in zip(powers, values, strict=True)))
    return np.concatenate(gathered)


def by_hand(states: Vectors, classifier: EmergencyClassifier) -> list[float]:
    """Return the probabilities of a text, a token at a time."""
    for layer in classifier.layers:
        mixed = states @ layer.attend + layer.attend_bias
        rows = []
        for at, state in enumerate(states):
            joined = attended(mixed, at, classifier.heads) @ layer.join + layer.join_bias
            row = norm(state + joined, layer.join_norm)
            wide = [
                0.5 * number * (1 + math.erf(number / math.sqrt(2))) for number in row @ layer.widen + layer.widen_bias
            ]
            rows.append(norm(row + np.array(wide) @ layer.narrow + layer.narrow_bias, layer.narrow_norm))
        states = np.stack(rows)
    scores = np.concatenate([states.mean(axis=0), states.max(axis=0)]) @ classifier.head + classifier.head_bias
    return [math.exp(score) / sum(math.exp(other) for other in scores) for score in scores]


def read(encoder: Encoder, *texts: str) -> list[Encoded]:
    return encoder.encode_questions(texts)


def test_it_serves_the_packaged_encoder_and_no_other(encoder: Encoder, words: WordEncoder) -> None:
    assert CLASSIFIER.serves(encoder)
    assert not CLASSIFIER.serves(words)


def test_probabilities_add_up_to_one(encoder: Encoder) -> None:
    found = CLASSIFIER.probabilities(read(encoder, "my chest hurts", "where can I park?"))
    assert found.shape == (2, 5)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


def test_a_text_is_judged_alike_alone_and_beside_others(encoder: Encoder) -> None:
    texts = ("my chest hurts", "where can I park when I come for the whole afternoon with my mother?", "help")
    together = CLASSIFIER.probabilities(read(encoder, *texts))
    alone = np.concatenate([CLASSIFIER.probabilities(read(encoder, text)) for text in texts])
    assert np.allclose(together, alone, atol=1e-3)


def on_onnxruntime(classifier: EmergencyClassifier) -> EmergencyClassifier:
    shapes = {name: array.shape for name, array in onnx_weights(classifier.layers).items()}
    run = onnx_layers(graph_of(shapes, len(classifier.layers), classifier.heads), classifier.layers)
    assert run
    return replace(classifier, layers=(), run=run)


@pytest.mark.parametrize("classifier", [HAND_MADE, on_onnxruntime(HAND_MADE)], ids=["numpy", "onnxruntime"])
def test_the_layers_are_those_of_a_transformer(classifier: EmergencyClassifier) -> None:
    texts = [np.random.default_rng(seed).normal(size=(3 + seed, D)).astype(np.float32) for seed in range(3)]
    found = classifier.probabilities([encoded(states) for states in texts])
    for row, states in zip(found, texts, strict=True):
        assert row.tolist() == pytest.approx(by_hand(states, HAND_MADE), abs=1e-4)


def test_numpy_and_onnxruntime_judge_alike(encoder: Encoder) -> None:
    texts = read(encoder, "my chest hurts", "where can I park?", "help", "it was red, then it bled " * 20)
    assert CLASSIFIER.run
    assert CLASSIFIER.layers == ()
    assert np.allclose(CLASSIFIER.probabilities(texts), IN_NUMPY.probabilities(texts), atol=1e-5)


def test_the_graph_is_what_the_script_writes() -> None:
    shapes = {name: array.shape for name, array in onnx_weights(IN_NUMPY.layers).items()}
    assert GRAPH.read_bytes() == graph_of(shapes, 3, 12)


def test_numpy_serves_where_onnxruntime_cannot_run_the_graph(caplog: pytest.LogCaptureFixture) -> None:
    assert onnx_layers(b"no graph", HAND_MADE.layers) is None
    assert "Emergencies are recognised in numpy, at three times the time: " in caplog.text


def test_states_that_hardly_differ_are_not_blown_up() -> None:
    still = {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
    gain = np.array([[1e-6] * D, [0] * D], np.float32)
    layer = Layer(**still | {"join_norm": gain, "narrow_norm": gain * np.float32(1e6)})
    (row,) = layer.apply(np.array([[1e-6, -1e-6] * 2], np.float32), [(0, 1)], 1)
    assert row.tolist() == pytest.approx([1 / math.sqrt(3), -1 / math.sqrt(3)] * 2, rel=1e-4)


def test_large_scores_overflow_nothing() -> None:
    head = np.zeros((2 * D, 5), np.float32)
    layer = Layer(**{name: np.full(shape, 40, np.float32) for name, shape in SHAPES.items()})
    large = EmergencyClassifier((layer,), 2, head, np.array([100, 100, 0, 0, 0], np.float32), Thresholds(), "large")
    (row,) = large.probabilities([encoded(np.arange(2 * D, dtype=np.float32).reshape(2, D))])
    assert row.tolist() == pytest.approx([0.5, 0.5, 0, 0, 0])


@pytest.mark.parametrize(
    ("rated", "level"),
    [
        ({"today": 0.4, "emergency": 0.2, "crisis": 0.1, "symptom": 0.05}, Level.TODAY),
        ({"today": 0.1, "emergency": 0.4, "crisis": 0.2, "symptom": 0.05}, Level.EMERGENCY),
        ({"today": 0.2, "emergency": 0.1, "crisis": 0.4, "symptom": 0.05}, Level.CRISIS),
    ],
)
def test_a_verdict_sums_the_urgent_kinds_and_takes_the_likeliest(rated: dict[str, float], level: Level) -> None:
    read = RatedEncoder({"text": rated}).encode_questions(["text"])
    (verdict,) = rating_classifier().judge(read)
    assert [verdict.urgent, verdict.symptom] == pytest.approx([0.7, 0.05])
    assert verdict.level is level


def test_by_itself_a_classifier_alarms_of_nothing_and_overrules_nothing() -> None:
    assert Thresholds() == Thresholds(message=1, part=1, scant=1, veto=0, veto_always=0, symptom=1)


def test_what_the_script_wrote_is_what_is_read() -> None:
    wrote = json.loads(FOLDER.joinpath("classifier.json").read_text("utf-8"))
    assert Thresholds(**wrote["thresholds"]) == CLASSIFIER.thresholds
    assert (len(IN_NUMPY.layers), IN_NUMPY.heads) == (wrote["layers"], wrote["heads"]) == (3, 12)
    assert (
        CLASSIFIER.fingerprint == fitted_fingerprint("chatbot.triage", "classifier") == wrote["encoder"]["fingerprint"]
    )


def test_weights_of_one_byte_are_restored_by_their_scale() -> None:
    with FOLDER.joinpath("classifier.npz").open("rb") as file, np.load(file) as wrote:
        for number, layer in enumerate(IN_NUMPY.layers):
            bytes_of, scale = wrote[f"{number}.attend"], wrote[f"{number}.attend.scale"]
            assert bytes_of.dtype == np.int8
            assert np.array_equal(layer.attend, bytes_of.astype(np.float32) * scale)
        assert np.array_equal(CLASSIFIER.head_bias, wrote["head_bias"].astype(np.float32))


def test_it_serves_an_encoder_of_its_fingerprint(words: WordEncoder) -> None:
    assert rating_classifier().serves(RatedEncoder())
    assert not rating_classifier().serves(words)


def test_a_text_that_was_not_read_is_left_out() -> None:
    read = encoded(np.ones((2, D), np.float32))
    assert HAND_MADE.probabilities([encoded(None)]).shape == (0, len(LABELS))
    assert np.array_equal(HAND_MADE.probabilities([encoded(None), read]), HAND_MADE.probabilities([read]))


def test_nothing_to_judge_gives_nothing() -> None:
    assert CLASSIFIER.probabilities([]).shape == (0, 5)
    assert CLASSIFIER.judge([]) == []


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("my father has collapsed and will not wake up", Level.EMERGENCY),
        ("there is yellow pus coming out of my wound", Level.TODAY),
        ("I do not want to be alive any longer", Level.CRISIS),
    ],
)
def test_an_urgent_message_is_told_with_its_level(encoder: Encoder, text: str, level: Level) -> None:
    (verdict,) = CLASSIFIER.judge(read(encoder, text))
    assert verdict.urgent >= CLASSIFIER.thresholds.message
    assert verdict.level is level


@pytest.mark.parametrize(
    "text", ["how much is a filling?", "can filler make you blind?", "I had a stroke ten years ago, can I have botox?"]
)
def test_an_ordinary_message_is_not_urgent(encoder: Encoder, text: str) -> None:
    (verdict,) = CLASSIFIER.judge(read(encoder, text))
    assert verdict.urgent < CLASSIFIER.thresholds.message
