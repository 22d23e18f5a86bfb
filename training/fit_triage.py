"""Fits the classifier of triage: chatbot/triage/classifier.json and classifier.npz.

    python -m training.fit_triage --data FOLDER [--further | --thresholds]

The upper half of the packaged encoder's layers is fine-tuned to separate five labels. The lower half stays as it is,
because search needs it too. The messages are the lists of `training/triage/`, joined and misspelt anew in each round,
the harmless questions of the made-up sites that the reader learns, and a sample of the public collections' questions,
all ordinary. With `--thresholds`, only the thresholds are set, on the lists of `training/triage/calibration/`, which
the classifier does not learn. `training.measure_triage` measures triage as a whole on lists that no fit has seen.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer

from chatbot.indexing import PACKAGED_MODEL, load_encoder
from chatbot.indexing.model_files import model_folder
from chatbot.triage import EmergencyClassifier, Triage
from chatbot.triage.classifier import LABELS
from chatbot.triage.red_flags import Span
from chatbot.triage.triage import TriageEvidence
from training.corpora import reader_folders
from training.fragments import fragments
from training.noise import misspell
from training.triage_lists import CALIBRATION, LISTS, PUBLIC, Message, public_questions, read_lists, site_questions

OUT = Path("chatbot/triage")
ROUNDS = 3
BATCH = 32
RATE = 1.5e-4
HEAD_RATE = 1e-3
KEPT = 0.4  # share of the weights before, in a fit that goes on from the last one
MAX_PARTS = 4_000  # sentences and clauses of harmless messages that are learnt
MAX_SITE_PARTS = 2_000  # the same of the questions of sites
MAX_FRAGMENTS = 2_500
PUBLIC_STRIDE = 6  # one in so many questions of the public collections is learnt
JOINED_URGENT = 0.4  # share of the urgent messages that are joined to an ordinary one
JOINED_OTHERS = 0.2  # share of the other messages that are
MISSPELT = 0.3  # share of all messages
JOINERS = (". ", ". ", "? ", ", ", ", ", " and ", " ", " ", " - ", " but ", "! ")
MAX_WORDS = 14  # of a message that is joined to another
PARTS = {"ordinary": "ordinary", "symptom": "harmless", "harmless": "harmless"}  # a part's label by its message's
MEANS = {"urgent": ("today", "emergency", "crisis"), "harmless": ("ordinary", "symptom")}
FALSE_ALARMS = {"message": 0.025, "part": 0.01}
"""Shares of the ordinary messages of the calibration that may alarm, whole and by a part. Near half are look-alikes."""

SCANT = 0.85
VETO = 0.05
VETO_ALWAYS = 0.005
SYMPTOM = 0.5


def main() -> None:
    """Fit and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--thresholds", action="store_true", help="set the thresholds, and leave the weights")
    parser.add_argument("--further", action="store_true", help="go on from the weights of the last fit")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    listed = [*read_lists(), *read_lists(LISTS / "languages")]
    chance = random.Random(0)
    asked = site_questions(reader_folders())
    parts = [*chance.sample(parts_of(listed), MAX_PARTS), *chance.sample(parts_of(asked), MAX_SITE_PARTS)]
    messages = [*listed, *asked, *parts, *chance.sample(fragments(), MAX_FRAGMENTS)]
    public = [
        Message("ordinary", "public", text, "public")
        for texts in public_questions(options.data).values()
        for text in texts[::PUBLIC_STRIDE]
    ]
    values = json.loads((OUT / "classifier.json").read_text("utf-8"))
    if options.thresholds:
        values["thresholds"], values["calibration"] = _calibrate()
        _write(values)
        return
    model = Model()
    if options.further:
        model.restore(EmergencyClassifier.fitted(on_onnxruntime=False))
    before = model.state()
    model.fit([*messages, *public], options.rounds)
    if options.further:
        model.mix(before)
    encoder = load_encoder()
    values |= {
        "encoder": {"name": PACKAGED_MODEL, "fingerprint": encoder.fingerprint},
        "layers": len(model.upper),
        "heads": model.base.config.num_attention_heads,
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {
            **{label: sum(message.label == label for message in messages) for label in (*LABELS, *MEANS)},
            "public": len(public),
            "collections": PUBLIC,
        },
    }
    # Neither compressed nor transposed, so that they are ready to use as they are read.
    arrays: dict[str, Any] = {name: np.ascontiguousarray(array) for name, array in model.arrays().items()}
    np.savez(OUT / "classifier.npz", **arrays)
    _write(values)


def _write(values: dict[str, Any]) -> None:
    (OUT / "classifier.json").write_text(json.dumps(values, indent=2) + "\n", "utf-8")


class Model:
    """The packaged encoder with trainable upper layers, and a linear head over the mean and maximum of their states."""

    def __init__(self, seed: int = 0) -> None:
        """Load the packaged weights and freeze the lower layers."""
        torch.manual_seed(seed)
        self.chance = random.Random(seed)
        folder = str(model_folder(PACKAGED_MODEL))
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.base: Any = AutoModel.from_pretrained(folder)
        layers = self.base.encoder.layer
        self.upper = layers[len(layers) // 2 :]
        for weight in self.base.parameters():
            weight.requires_grad = False
        for weight in self.upper.parameters():
            weight.requires_grad = True
        self.head = torch.nn.Linear(2 * self.base.config.hidden_size, len(LABELS))

    def restore(self, fitted: EmergencyClassifier) -> None:
        """Set the weights to those of an earlier fit."""
        with torch.no_grad():
            for layer, saved in zip(self.upper, fitted.layers, strict=True):
                mixers = (layer.attention.self.query, layer.attention.self.key, layer.attention.self.value)
                weights, biases = np.split(saved.attend, 3, axis=1), np.split(saved.attend_bias, 3)
                for mixer, weight, bias in zip(mixers, weights, biases, strict=True):
                    _set(mixer, weight, bias)
                _set(layer.attention.output.dense, saved.join, saved.join_bias)
                _set(layer.intermediate.dense, saved.widen, saved.widen_bias)
                _set(layer.output.dense, saved.narrow, saved.narrow_bias)
                _set_norm(layer.attention.output.LayerNorm, saved.join_norm)
                _set_norm(layer.output.LayerNorm, saved.narrow_norm)
            _set(self.head, fitted.head, fitted.head_bias)

    def state(self) -> dict[str, torch.Tensor]:
        """Return a copy of the weights that are learnt."""
        parts = {"upper": self.upper, "head": self.head}
        return {
            f"{name}.{key}": weight.clone() for name, part in parts.items() for key, weight in part.state_dict().items()
        }

    def mix(self, before: Mapping[str, torch.Tensor]) -> None:
        """Set the weights to a mean of earlier ones and their own, which forgets less (Wortsman et al., 2022)."""
        mean = {key: torch.lerp(weight, before[key], KEPT) for key, weight in self.state().items()}
        for name, part in {"upper": self.upper, "head": self.head}.items():
            own = {key.removeprefix(f"{name}."): weight for key, weight in mean.items() if key.startswith(f"{name}.")}
            part.load_state_dict(own)

    def fit(self, messages: Sequence[Message], rounds: int) -> None:
        """Maximise the likelihood of the labels that each message may have."""
        upper = list(self.upper.parameters())
        groups = [{"params": upper, "lr": RATE}, {"params": self.head.parameters(), "lr": HEAD_RATE}]
        optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
        steps = rounds * (len(messages) // BATCH + 1)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [RATE, HEAD_RATE], total_steps=steps)
        for turn in range(rounds):
            start, losses = time.perf_counter(), []
            self.base.train()
            for batch in self._batches(messages):
                allowed = torch.tensor(np.array([_allowed(label) for label, _ in batch]))
                scores = torch.log_softmax(self._scores([text for _, text in batch]), 1)
                loss = -torch.logsumexp(scores.masked_fill(~allowed, -1e9), 1).mean()
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
                torch.nn.utils.clip_grad_norm_(upper, 1.0)
                optimiser.step()
                schedule.step()
                losses.append(loss.item())
            seconds = time.perf_counter() - start
            print(f"round {turn + 1} of {rounds}: loss {np.mean(losses):.3f}, {seconds:.0f} s", flush=True)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the probability of each label, shape (n, 5)."""
        self.base.eval()
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        probabilities = np.zeros((len(texts), len(LABELS)), np.float32)
        with torch.no_grad():
            for start in range(0, len(texts), 64):
                places = order[start : start + 64]
                probabilities[places] = torch.softmax(self._scores([texts[place] for place in places]), 1).numpy()
        return probabilities

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights as the classifier reads them: matrices as signed bytes with a scale a column."""
        arrays: dict[str, NDArray[Any]] = {}
        for number, layer in enumerate(self.upper):
            attend = layer.attention.self
            mixers = (attend.query, attend.key, attend.value)
            named = {
                "attend": torch.cat([mixer.weight for mixer in mixers]).T,
                "attend_bias": torch.cat([mixer.bias for mixer in mixers]),
                "join": layer.attention.output.dense.weight.T,
                "join_bias": layer.attention.output.dense.bias,
                "join_norm": _norm(layer.attention.output.LayerNorm),
                "widen": layer.intermediate.dense.weight.T,
                "widen_bias": layer.intermediate.dense.bias,
                "narrow": layer.output.dense.weight.T,
                "narrow_bias": layer.output.dense.bias,
                "narrow_norm": _norm(layer.output.LayerNorm),
            }
            for name, weight in named.items():
                arrays |= _quantise(f"{number}.{name}", weight.detach().numpy())
        arrays |= _quantise("head", self.head.weight.detach().numpy().T)
        return arrays | _quantise("head_bias", self.head.bias.detach().numpy())

    def _scores(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 -- torch's tensors are untyped here
        tokens = self.tokenizer(list(texts), padding=True, truncation=True, max_length=128, return_tensors="pt")
        states, mask = self.base(**tokens).last_hidden_state, tokens["attention_mask"].unsqueeze(-1)
        mean = (states * mask).sum(1) / mask.sum(1)
        largest = states.masked_fill(mask == 0, -1e4).max(1).values
        return self.head(torch.cat([mean, largest], 1))

    def _batches(self, messages: Sequence[Message]) -> Iterator[list[tuple[str, str]]]:
        texts = [(message.label, augment(message, messages, self.chance)) for message in messages]
        order = sorted(range(len(texts)), key=lambda place: len(texts[place][1]) / 40 + 2 * self.chance.random())
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        self.chance.shuffle(batches)
        for batch in batches:
            yield [texts[place] for place in batch]


def parts_of(messages: Sequence[Message]) -> list[Message]:
    """Return the sentences and clauses of the harmless messages, because triage classifies each by itself too."""
    triage = Triage.standard()
    parts = [
        Message(PARTS[message.label], "part", text, message.writer)
        for message in messages
        if message.label in PARTS
        for text in triage.parts(message.text)
        if len(text.split()) > 1
    ]
    return list({part.text: part for part in parts}.values())


def augment(message: Message, others: Sequence[Message], chance: random.Random) -> str:
    """Return a variant of a message: at random joined to a harmless one, misspelt, without punctuation."""
    text = message.text
    if chance.random() < (JOINED_URGENT if message.urgent else JOINED_OTHERS):
        other = chance.choice(others)
        if not other.urgent and len(other.text.split()) <= MAX_WORDS and message.label not in {"symptom", "harmless"}:
            parts = [text, other.text] if chance.random() < 0.5 else [other.text, text]
            text = chance.choice(JOINERS).join([parts[0].rstrip(".?! "), parts[1]])
    return misspell(text, chance) if chance.random() < MISSPELT else text


def _set(linear: Any, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:  # noqa: ANN401 -- a module of torch
    linear.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight.T)))
    linear.bias.copy_(torch.from_numpy(bias))


def _set_norm(layer: Any, norm: NDArray[np.float32]) -> None:  # noqa: ANN401 -- a module of torch
    layer.weight.copy_(torch.from_numpy(norm[0].copy()))
    layer.bias.copy_(torch.from_numpy(norm[1].copy()))


def _allowed(label: str) -> NDArray[np.bool_]:
    return np.array([known in MEANS.get(label, (label,)) for known in LABELS])


def _norm(layer: Any) -> Any:  # noqa: ANN401 -- a module of torch
    return torch.stack([layer.weight, layer.bias])


def _quantise(name: str, weight: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """Return a matrix as signed bytes with a scale for each column, and anything else as 16-bit floats."""
    if weight.ndim == 1 or name.endswith("norm"):
        return {name: weight.astype(np.float16)}
    scale = np.abs(weight).max(axis=0) / 127
    return {name: np.round(weight / scale).astype(np.int8), f"{name}.scale": scale.astype(np.float32)}


def _calibrate() -> tuple[dict[str, float], dict[str, float]]:
    """Return the thresholds set on the calibration messages, and the share of each label that alarms at them."""
    messages = read_lists(CALIBRATION)
    triage = Triage.standard(load_encoder())
    evidences = [(message, triage.evidence(message.text)) for message in messages]
    ordinary = [evidence for message, evidence in evidences if message.label == "ordinary"]
    kinds = {
        "message": [_largest(evidence, evidence.is_sentence) for evidence in ordinary],
        "part": [_largest(evidence, lambda span, of=evidence: not of.is_sentence(span)) for evidence in ordinary],  # type: ignore[misc]
    }
    thresholds = {name: round(float(np.quantile(kinds[name], 1 - share)), 4) for name, share in FALSE_ALARMS.items()}
    thresholds |= {"veto": VETO, "scant": SCANT, "veto_always": VETO_ALWAYS, "symptom": SYMPTOM}
    shares = {
        label: float(
            np.mean([_largest(evidence, evidence.is_sentence) >= thresholds["message"] for evidence in chosen])
        )
        for label in ("emergency", "today", "crisis", "symptom", "ordinary")
        if (chosen := [evidence for message, evidence in evidences if message.label == label])
    }
    return thresholds, {f"{label} alarmed by whole sentences": round(value, 4) for label, value in shares.items()}


def _largest(evidence: TriageEvidence, wanted: Callable[[Span], bool]) -> float:
    """Return the highest probability of urgency among the spans that are wanted, or 0."""
    return max((verdict.urgent for span, verdict in evidence.verdicts.items() if wanted(span)), default=0.0)


if __name__ == "__main__":
    main()
