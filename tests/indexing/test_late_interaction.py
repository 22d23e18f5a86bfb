from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.encoder import Encoded, Vectors
from chatbot.indexing.late_interaction import Tokens, l2_normalise, token_bits

RED, SUN, DAY, COLD = np.eye(4).tolist()  # directions: a token is met by its own with 1, by others with 0
NONE = [0, 0, 0, 0]


def passage(*tokens: tuple[int, Sequence[float]]) -> Tokens:
    """Return the tokens of one passage, each a sentence number and a vector."""
    vectors = np.array([vector for _, vector in tokens], dtype=np.float32).reshape(-1, 4)
    ids = np.arange(len(tokens), dtype=np.int32)
    encoded = Encoded(vectors[0], vectors, ids, np.zeros((len(tokens), 2), dtype=np.int32))
    return Tokens.of(encoded, np.array([sentence for sentence, _ in tokens], dtype=np.int16))


def joined(parts: Sequence[Tokens]) -> Tokens:
    """Return the passages of several parts in one, in order: what files of these parts must give back."""

    def offsets(counts: Sequence[int]) -> NDArray[np.int64]:
        return np.cumsum([0, *counts], dtype=np.int64)

    return Tokens(
        offsets([count for part in parts for count in np.diff(part.offsets)]),
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.scales for part in parts]),
        np.concatenate([part.ids for part in parts]),
        offsets([count for part in parts for count in np.diff(part.group_offsets)]),
        np.concatenate([part.group_sizes for part in parts]),
        parts[0].bits,
    )


def question(*directions: Sequence[float]) -> Vectors:
    return np.array(directions, dtype=np.float32)


def test_vectors_are_scaled_to_length_one() -> None:
    normalised = l2_normalise(np.array([[3, 4], [0, -5]], dtype=np.float64))
    assert normalised == pytest.approx(np.array([[0.6, 0.8], [0, -1]]))
    assert normalised.dtype == np.float32


def test_a_single_vector_is_scaled_too_and_one_of_length_zero_stays() -> None:
    assert l2_normalise(np.array([3, 4], dtype=np.float32)).tolist() == pytest.approx([0.6, 0.8])
    assert l2_normalise(np.zeros((1, 2), dtype=np.float32)).tolist() == [[0, 0]]


def test_vectors_too_short_to_tell_from_none_are_not_blown_up() -> None:
    assert l2_normalise(np.array([[2e-9, 0]], dtype=np.float32))[0, 0] == pytest.approx(1)
    assert l2_normalise(np.array([[5e-10, 0]], dtype=np.float32))[0, 0] == pytest.approx(5e-10 / 1e-9)


def encoded_of(tokens: Vectors) -> Encoded:
    count = len(tokens)
    return Encoded(tokens[0], tokens, np.arange(count, dtype=np.int32), np.zeros((count, 2), np.int32))


def test_few_passages_keep_a_byte_a_dimension_and_many_a_quarter() -> None:
    assert [token_bits(passages) for passages in (1, 300, 301, 10**6)] == [8, 8, 2, 2]


def test_an_encoded_passage_is_kept_a_byte_a_dimension() -> None:
    tokens = np.array([[3, 4], [0, -9], [30, 40]], dtype=np.float32)
    encoded = Encoded(tokens[0], tokens, np.array([7, 8, 9], np.int32), np.zeros((3, 2), np.int32))
    held = Tokens.of(encoded, np.array([-1, 0, 0], dtype=np.int16), 8)
    # A step is 0.1543 / sqrt(2) = 0.1091: 0.6 is 5 of them (5.5) and 0.8 is 7 (7.3), above the middle, which is 127.
    assert held.codes.tolist() == [[127 + 5, 127 + 7], [127, 127 - 9], [127 + 5, 127 + 7]]
    assert held.scales == pytest.approx([1 / (5 * 0.6 + 7 * 0.8), 1 / 9, 1 / (5 * 0.6 + 7 * 0.8)])
    assert (held.offsets.tolist(), held.ids.tolist(), held.bits) == ([0, 3], [7, 8, 9], 8)
    assert (held.group_offsets.tolist(), held.group_sizes.tolist()) == ([0, 2], [1, 2])
    assert [held.codes.dtype, held.scales.dtype, held.ids.dtype] == [np.uint8, np.float32, np.uint16]


def test_four_dimensions_share_a_byte_of_two_bits_each() -> None:
    tokens = np.array([[1, 1, -1, -1, 3, 3, -3, -3]], dtype=np.float32)
    held = Tokens.of(encoded_of(tokens), np.zeros(1, dtype=np.int16), 2)
    # The root mean square is the step. Of the numbers 0 to 3, 1 and 2 lie next to the middle.
    assert held.codes.tolist() == [[2 + 4 * 1 + 16 * 3 + 64 * 0] * 2]
    assert held.scales == pytest.approx([np.sqrt(40) / (4 * 0.5 * 1 + 4 * 1.5 * 3)])


@pytest.mark.parametrize(("bits", "deviation"), [(8, 0.003), (2, 0.02)])
def test_cosines_are_kept_without_bias(bits: int, deviation: float) -> None:
    chance = np.random.default_rng(1)
    tokens = chance.standard_normal((400, 384)).astype(np.float32)
    held = Tokens.of(encoded_of(tokens), np.arange(400, dtype=np.int16), bits)
    near = l2_normalise(tokens[:9] + chance.standard_normal((9, 384)).astype(np.float32))
    errors = held.group_maxsim(near, 0, 400)[1:] - l2_normalise(tokens) @ near.T
    assert abs(errors.mean()) < deviation / 20
    assert errors.std() < deviation
    assert np.diagonal(errors).mean() == pytest.approx(0, abs=deviation / 2)


@pytest.mark.parametrize(("bits", "width"), [(8, 6), (2, 2)])
def test_a_number_of_dimensions_that_fills_no_byte_is_kept(bits: int, width: int) -> None:
    tokens = np.array([[1, 1, 1, -1, 1, -1], [-1, 1, 1, 1, -1, 1]], dtype=np.float32)
    held = Tokens.of(encoded_of(tokens), np.array([0, 1], dtype=np.int16), bits)
    assert held.codes.shape == (2, width)
    assert held.group_maxsim(l2_normalise(tokens), 0, 2)[1:] == pytest.approx(
        np.array([[1, -1 / 3], [-1 / 3, 1]]), abs=1e-5
    )


def test_tokens_are_put_in_the_order_of_their_sentences() -> None:
    tokens = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)
    encoded = Encoded(tokens[0], tokens, np.array([5, 6, 7, 8], np.int32), np.zeros((4, 2), np.int32))
    held = Tokens.of(encoded, np.array([2, 0, -1, 0], dtype=np.int16))
    assert (held.ids.tolist(), held.group_sizes.tolist()) == ([7, 6, 8, 5], [1, 2, 0, 1])
    assert (held.codes.astype(int) - 127).tolist() == [[-9, 0], [0, 9], [0, -9], [9, 0]]


def test_passages_joined_stand_one_after_another() -> None:
    both = joined([passage((0, RED), (1, SUN)), passage((-1, DAY))])
    all_three = joined([both, passage((0, COLD), (0, RED))])
    assert (len(both), len(all_three), all_three.offsets.tolist()) == (2, 3, [0, 2, 3, 5])
    assert all_three.offsets.dtype == np.int64
    assert all_three.ids.tolist() == [0, 1, 0, 0, 1]
    assert (all_three.group_offsets.tolist(), all_three.group_sizes.tolist()) == ([0, 3, 4, 6], [0, 1, 1, 1, 0, 2])
    windows, first = all_three.maxsim(question(RED, SUN, DAY, COLD), [0, 1, 2])
    assert windows == pytest.approx(np.array([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]]))
    assert first.tolist() == [0, 2, 3]


def test_one_passage_comes_out_as_it_went_in() -> None:
    middle = passage((-1, DAY), (0, COLD), (1, RED))
    out = joined([passage((0, RED), (1, SUN)), middle, passage((0, SUN))]).passages(1, 2)
    assert (len(out), out.offsets.tolist(), out.ids.tolist()) == (1, [0, 3], [0, 1, 2])
    assert (out.codes.tolist(), out.scales.tolist()) == (middle.codes.tolist(), middle.scales.tolist())
    assert (out.group_offsets.tolist(), out.group_sizes.tolist()) == ([0, 3], [1, 1, 1])


def test_files_give_the_same_tokens_and_the_same_bytes(tmp_path: Path) -> None:
    parts = [passage((-1, DAY), (0, COLD)), passage((0, RED)), passage((1, SUN))]
    held = joined(parts)
    for name, some in {"parts": parts, "again": parts, "whole": [held]}.items():
        (tmp_path / name).mkdir()
        Tokens.write(tmp_path / name, iter(some))
    assert {path.name for path in (tmp_path / "parts").iterdir()} == set(Tokens.FILES)
    for file in Tokens.FILES:
        content = (tmp_path / "parts" / file).read_bytes()
        assert [content] * 2 == [(tmp_path / other / file).read_bytes() for other in ("again", "whole")]
    back = Tokens.open(tmp_path / "parts")
    assert back.bits == held.bits == 8
    for array in fields(Tokens)[:-1]:
        assert getattr(back, array.name).tolist() == getattr(held, array.name).tolist()
        assert getattr(back, array.name).dtype == getattr(held, array.name).dtype
    assert not back.codes.flags.owndata  # mapped
    assert back.maxsim(question(DAY, SUN), [2, 0])[0].tolist() == held.maxsim(question(DAY, SUN), [2, 0])[0].tolist()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    Tokens.write(tmp_path, [passage((0, RED))])
    for name in Tokens.FILES:
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        with pytest.raises(IndexDamaged, match=r"cannot be read: run 'footnote build'\.$"):
            Tokens.open(tmp_path)
        (tmp_path / name).write_bytes(content)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    Tokens.write(tmp_path, [passage((0, RED))])
    for name in Tokens.FILES:
        content = (tmp_path / name).read_bytes()
        for length in (0, 5, 64, len(content) - 1):
            (tmp_path / name).write_bytes(content[:length])
            with pytest.raises(IndexDamaged, match="cannot be read"):
                Tokens.open(tmp_path)
        (tmp_path / name).write_bytes(content)


def test_a_file_of_other_tokens_is_refused(tmp_path: Path) -> None:
    Tokens.write(tmp_path, [passage((0, RED))])
    (tmp_path / "other").mkdir()
    Tokens.write(tmp_path / "other", [passage((-1, RED), (0, DAY)), passage((0, SUN))])
    for name in Tokens.FILES[:-1]:
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes((tmp_path / "other" / name).read_bytes())
        with pytest.raises(IndexDamaged, match=r"are incomplete: run 'footnote build'\.$"):
            Tokens.open(tmp_path)
        (tmp_path / name).write_bytes(content)


def test_tokens_of_other_dimensions_are_not_written_after(tmp_path: Path) -> None:
    held = passage((0, RED))
    with pytest.raises(ValueError, match="numbers after those of"):
        Tokens.write(tmp_path, [held, replace(held, codes=held.codes[:, :1])])


def test_tokens_of_other_bits_are_not_written_after(tmp_path: Path) -> None:
    held = passage((0, RED))
    with pytest.raises(ValueError, match="tokens of 2 bits after those of 8"):
        Tokens.write(tmp_path, [held, replace(held, bits=2)])


def test_token_numbers_take_16_bits_where_all_fit(tmp_path: Path) -> None:
    low, high = passage((0, RED), (0, SUN)), passage((0, DAY))
    high = replace(high, ids=np.array([1 << 16], dtype=np.int32))
    Tokens.write(tmp_path, [low, low])
    assert Tokens.open(tmp_path).ids.dtype == np.uint16
    contents = []
    for parts in ([low, high, low], [joined([low, high]), low]):
        Tokens.write(tmp_path, parts)
        back = Tokens.open(tmp_path)
        assert (back.ids.dtype.name, back.ids.tolist()) == ("int32", [0, 1, 1 << 16, 0, 1])
        assert back.passages(2, 3).ids.dtype == np.uint16
        assert {path.name for path in tmp_path.iterdir()} == set(Tokens.FILES)
        contents.append([(tmp_path / name).read_bytes() for name in Tokens.FILES])
    assert contents[0] == contents[1]


def test_a_window_is_a_sentence_and_the_one_after_it() -> None:
    held = passage((0, RED), (1, SUN), (2, DAY))
    windows, first = held.maxsim(question(RED, SUN, DAY), [0])
    assert windows.tolist() == [[1, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert first.tolist() == [0]
    assert windows.dtype == np.float32


def test_what_stands_above_a_passage_counts_in_each_of_its_windows() -> None:
    held = passage((-1, COLD), (0, RED), (1, SUN), (2, DAY))
    windows, _ = held.maxsim(question(COLD, RED, DAY), [0])
    assert windows.tolist() == [[1, 1, 0], [1, 0, 1], [1, 0, 1]]


def test_a_passage_that_is_all_heading_is_a_window_itself() -> None:
    held = joined([passage((0, RED)), passage((-1, SUN), (-1, COLD)), passage((-1, DAY), (0, COLD))])
    windows, first = held.maxsim(question(RED, SUN, DAY), [0, 1, 2])
    assert windows.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert first.tolist() == [0, 1, 2]


def test_a_window_never_reaches_into_the_next_passage() -> None:
    held = joined([passage((0, RED), (1, SUN)), passage((0, DAY)), passage((-1, COLD), (0, NONE))])
    windows, first = held.maxsim(question(RED, SUN, DAY, COLD), [0, 1, 2])
    assert windows.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert first.tolist() == [0, 2, 3]


def test_passages_are_met_in_the_order_that_they_are_asked_for() -> None:
    parts = [
        passage((-1, COLD), (0, RED)),
        passage((0, SUN), (1, DAY)),
        passage((0, RED)),
        passage((-1, SUN), (0, DAY)),
    ]
    windows, first = joined(parts).maxsim(question(RED, SUN, DAY, COLD), [3, 1, 0])
    assert windows.tolist() == [[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 1, 0], [1, 0, 0, 1]]
    assert first.tolist() == [0, 1, 3]


def test_a_token_is_met_by_the_nearest_of_a_window() -> None:
    held = passage((-1, [-1, 0, 0, 0]), (0, [-0.6, 0.8, 0, 0]), (0, [-0.8, 0.6, 0, 0]), (1, [-0.8, 0, 0.6, 0]))
    windows, _ = held.maxsim(question(RED, SUN), [0])
    assert windows == pytest.approx(np.array([[-0.6, 0.8], [-0.8, 0]]), abs=0.03)


def test_a_heading_that_is_unlike_the_question_takes_nothing_away() -> None:
    alone, under = passage((0, [-0.6, 0.8, 0, 0])), passage((-1, [-1, 0, 0, 0]), (0, [-0.6, 0.8, 0, 0]))
    for held in (alone, under):
        assert held.maxsim(question(RED), [0])[0] == pytest.approx(np.array([[-0.6]]), abs=0.03)


def test_the_words_between_two_sentences_count_in_both() -> None:
    held = passage((0, RED), (-1, COLD), (1, SUN))
    assert held.maxsim(question(RED, COLD, SUN), [0])[0].tolist() == [[1, 1, 1], [0, 1, 1]]


def test_each_sentence_is_met_apart_from_what_stands_above() -> None:
    held = joined([passage((0, COLD)), passage((-1, COLD), (0, RED), (0, SUN), (1, DAY)), passage((0, COLD))])
    cosines = held.group_maxsim(question(RED, SUN, DAY, COLD), 1, 2)
    assert cosines.tolist() == [[0, 0, 0, 1], [1, 1, 0, 0], [0, 0, 1, 0]]


def test_a_sentence_beyond_the_window_meets_nothing() -> None:
    held = passage((0, [-1, 0, 0, 0]), (2, RED))
    assert held.group_maxsim(question(RED, SUN), 0, 4).tolist() == [[0, 0], [-1, 0], [0, 0], [1, 0], [0, 0]]
    assert held.group_maxsim(question(RED), 0, 4).dtype == np.float32


def test_sentences_out_of_order_are_put_in_order() -> None:
    held = joined([passage((0, COLD)), passage((1, SUN), (0, RED), (-1, COLD), (1, DAY))])
    assert held.group_maxsim(question(RED, SUN, DAY), 1, 2)[1:].tolist() == [[1, 0, 0], [0, 1, 1]]
    assert held.maxsim(question(RED, SUN, DAY, COLD), [1])[0].tolist() == [[1, 1, 1, 1], [0, 1, 1, 1]]
