import json
from pathlib import Path

import pytest

from chatbot.errors import GoldenFileInvalid
from chatbot.evaluation import Expect, GoldenQuestion, read_golden


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "golden.jsonl"


def test_a_line_is_a_question_with_its_right_answer(path: Path) -> None:
    fields = {
        "id": "a1",
        "kind": "direct",
        "question": "And for scars?",
        "history": ["Does it hurt?"],
        "expect": "answer",
        "gold": ["It fades scars."],
        "notes": "not read",
    }
    path.write_text(json.dumps(fields) + "\n\n", "utf-8")
    question = GoldenQuestion("a1", "direct", "And for scars?", ("Does it hurt?",), Expect.ANSWER, ("It fades scars.",))
    assert read_golden(path) == (question,)


def test_missing_keys_have_defaults(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf{"question": "Price?"}\r\n{"question": "Scars?", "gold": ["It fades scars."]}')
    assert read_golden(path) == (
        GoldenQuestion("line 1", "question", "Price?", (), Expect.ABSTAIN, ()),
        GoldenQuestion("line 2", "question", "Scars?", (), Expect.ANSWER, ("It fades scars.",)),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no json", "This is not JSON"),
        ("[]", "This holds no question"),
        ('{"id": "a"}', "This holds no question"),
        ('{"question": "a", "history": "b"}', "The history is no list of questions"),
        ('{"question": "a", "expect": "refuse"}', '"expect" is "refuse": write one of answer, abstain, either'),
        ('{"question": "a", "expect": ["answer"]}', '"expect" is ["answer"]: write one of'),
        ('{"question": "a", "gold": "b"}', '"gold" is not a list of texts'),
        ('{"question": "a", "gold": [""]}', '"gold" is not a list of texts'),
        ('{"question": "a", "gold": [1]}', '"gold" is not a list of texts'),
        ('{"question": "a", "kind": 1}', '"kind" is not text'),
    ],
)
def test_a_bad_line_is_named_by_its_number(path: Path, line: str, message: str) -> None:
    path.write_text(f'{{"question": "Price?"}}\n{line}\n', "utf-8")
    with pytest.raises(GoldenFileInvalid) as raised:
        read_golden(path)
    assert str(raised.value).startswith(f"{path}, line 2: {message}")


def test_every_bad_line_is_named_up_to_ten(path: Path) -> None:
    path.write_text('{"question": "Price?"}\n' + "x\n" * 12, "utf-8")
    with pytest.raises(GoldenFileInvalid) as raised:
        read_golden(path)
    lines = str(raised.value).split("; ")
    assert [line.split(":")[0] for line in lines[:-1]] == [f"{path}, line {number}" for number in range(2, 12)]
    assert lines[-1] == "... and 2 more lines"


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe"])
def test_a_file_without_questions_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(GoldenFileInvalid):
        read_golden(path)


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(GoldenFileInvalid, match=r"golden\.jsonl cannot be read: No such file or directory\."):
        read_golden(path)
