"""Encoding with sentence-transformers, for any model; owns sentence-transformers and torch.

Source: N. Reimers and I. Gurevych, "Sentence-BERT", EMNLP 2019.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import repeat
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from threadpoolctl import threadpool_limits

from chatbot.errors import ModelError
from chatbot.indexing.encoder import Encoded
from chatbot.indexing.model_files import PACKAGED_MODEL, fingerprint_of, model_folder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["SentenceEncoder"]

_BATCH: Final = 32
_LENGTH_RATIO: Final = 1.5  # a text this many times longer than the shortest of a batch begins the next batch
_FEATURES: Final = {"token_embeddings", "attention_mask", "input_ids", "sentence_embedding"}


class SentenceEncoder:
    """A sentence-transformers model, loaded from the local disk at its first use.

    `model` is the name of the packaged model, the folder of another one, or a name in the local hub cache. Raises
    `ModelError` at once if there is no such model.
    """

    def __init__(self, model: str = PACKAGED_MODEL) -> None:
        self.name = model
        self._folder = model_folder(model)
        self._lock = Lock()  # tokenizers raise "Already borrowed" when two threads share one
        self._loading = Lock()
        self._loaded: SentenceTransformer | None = None

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 over the files that change the vectors; raises `ModelError` as `fingerprint_of` does."""
        return fingerprint_of(self.name, self._folder)

    @property
    def max_tokens(self) -> int:
        """The model's maximum sequence length without the two special tokens."""
        return int(self._model.max_seq_length or 512) - 2

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text, without the special tokens around it."""
        model = self._model
        with self._lock:
            return len(model.tokenizer.encode(text, add_special_tokens=False, verbose=False))

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions, in order, in batches of similar length so that short ones are padded little."""
        encoded: dict[int, Encoded] = {}
        for indices in _batches_by_length(texts):
            encoded.update(zip(indices, self._encode_batch([texts[index] for index in indices]), strict=True))
        return [encoded[index] for index in range(len(texts))]

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode passages, in order; questions can be encoded between two batches."""
        encoded: list[Encoded] = []
        model, prompt = self._model, self._model.prompts.get("document") or ""
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            with self._lock:
                features: Any = model.encode_document(
                    batch, prompt=prompt, output_value=None, normalize_embeddings=True, show_progress_bar=False
                )
                spans = _spans(model, [prompt + text for text in batch])
            encoded += map(_to_encoded, features, spans, repeat(len(prompt)))
        return encoded

    def _encode_batch(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions in one forward pass, as `encode_query` does, and record the states of the middle layer."""
        import torch  # noqa: PLC0415 - as in _load

        model = self._model
        prompt = model.prompts.get("query") or ""
        states: list[Any] = []
        with self._lock, torch.inference_mode():
            if packaged := self.name == PACKAGED_MODEL:
                hook = _middle_layer(model).register_forward_hook(lambda *passed: states.append(passed[-1]))
            features = model(model.preprocess(list(texts), prompt=prompt))
            if packaged:
                hook.remove()
            spans = _spans(model, [prompt + text for text in texts])
        rows = [{name: features[name][row] for name in _FEATURES} for row in range(len(texts))]
        encoded = list(map(_to_encoded, rows, spans, repeat(len(prompt))))
        if not states:
            return encoded
        mask = features["attention_mask"].numpy().astype(bool)
        middle = (states[0][0] if isinstance(states[0], tuple) else states[0]).numpy()
        return [replace(encoded[row], states=middle[row][mask[row]]) for row in range(len(texts))]

    @property
    def _model(self) -> "SentenceTransformer":
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> "SentenceTransformer":
        if not self.fingerprint or not any(
            self._folder.iterdir()
        ):  # reading the fingerprint checks the files before they are loaded
            raise ModelError(f"{self._folder} is empty: point FOOTNOTE_MODEL at a model's folder.")
        import torch  # noqa: PLC0415 - seconds to import, and a build with nothing to do needs no model
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - as above
        from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415 - as above

        torch.set_num_threads(1)  # on shared cores, more threads make a question slower
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
    """Encode a text; raises if the model has no token vectors of the same dimensions as its sentence vectors."""
    text = "Is it red?"
    features: Any = model.encode_document([text], output_value=None, prompt="", show_progress_bar=False)
    encoded = _to_encoded(features[0], _spans(model, [text])[0], 0)
    if encoded.tokens.shape[1] != len(encoded.vector) or len(encoded.tokens) != len(encoded.ids):
        raise ValueError("its token vectors and its sentence vectors differ in length")


def _middle_layer(model: "SentenceTransformer") -> Any:  # noqa: ANN401 -- torch types no attribute of a module
    """Return the layer of the packaged model whose output becomes `Encoded.states`."""
    layers: Any = cast("Any", model[0]).model.encoder.layer
    return layers[len(layers) // 2 - 1]


def _batches_by_length(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the indices of texts in batches of similar length, shortest first."""
    batch: list[int] = []
    for index in sorted(range(len(texts)), key=lambda index: len(texts[index])):
        if batch and (len(batch) == _BATCH or len(texts[index]) > _LENGTH_RATIO * (len(texts[batch[0]]) + _BATCH)):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _spans(model: "SentenceTransformer", texts: list[str]) -> list[list[tuple[int, int]]]:
    limit = int(model.max_seq_length or 0)
    return list(
        model.tokenizer(texts, truncation=True, max_length=limit, return_offsets_mapping=True)["offset_mapping"]
    )


def _to_encoded(features: Mapping[str, Any], spans: Sequence[tuple[int, int]], prompt: int) -> Encoded:
    """Return a text with the tokens of the text itself, without prompt (in characters), special tokens and padding."""
    places = np.array(spans, dtype=np.int32).reshape(-1, 2) - prompt
    own = (places[:, 1] > places[:, 0]) & (places[:, 0] >= 0)
    mask = features["attention_mask"].numpy().astype(bool)
    tokens, ids = features["token_embeddings"].numpy()[mask], features["input_ids"].numpy()[mask]
    vector = np.asarray(features["sentence_embedding"].numpy(), dtype=np.float32)
    vector /= max(float(np.linalg.norm(vector)), 1e-12)
    return Encoded(vector, np.asarray(tokens[own], np.float32), np.asarray(ids[own], np.int32), places[own])
