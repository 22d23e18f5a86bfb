"""What the mutation runner finds, and what it says of a project of two functions."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.mutants import Mutant, find_mutants, main, sample_mutants

SUITES = {"indexing": (("tests",),)}
CODE = "def adult(age: int) -> bool:\n    return age >= 18\n\n\nBOUND = 5  # of no use\n"
TEST = (
    "from chatbot.indexing.code import adult\n\ndef test_adult():\n    assert [adult(17), adult(18)] == [False, True]\n"
)
REPORT = """\
3 of 4 mutants killed (75.0%)
  indexing: 3 of 4 (75.0%)
chatbot/indexing/code.py:5: BOUND = 5 # of no use -> BOUND = 6 # of no use
"""


def changes(source: str) -> list[str]:
    return [mutant.after for mutant in find_mutants("chatbot/indexing/code.py", source.encode())]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a run starts in half the time
    files = {"__init__.py": "", "indexing/__init__.py": "", "indexing/code.py": CODE, "../tests/test_code.py": TEST}
    for name, text in files.items():
        path = tmp_path / "chatbot" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)  # noqa: S607 -- git is where the shell finds it
    return tmp_path


def test_the_report_names_the_change_that_no_test_notices(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(project), "--workers", "2", "--floor", ".75"], SUITES) == 0
    assert capsys.readouterr().out == REPORT
    assert (project / "chatbot/indexing/code.py").read_text() == CODE


def test_a_share_below_the_floor_fails(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "chatbot/indexing/code.py").write_text("BOUND = 5\n")
    (project / "tests/test_code.py").write_text("def test_nothing():\n    pass\n")
    assert main(["--root", str(project), "--only", "indexing"], SUITES) == 1
    assert capsys.readouterr().out.splitlines()[0] == "0 of 1 mutants killed (0.0%)"


def test_a_change_that_never_ends_is_killed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "chatbot/indexing/code.py").write_text(
        "def adult(age):\n    while age:\n        break\n    return age\n"
    )
    (project / "tests/test_code.py").write_text(TEST.replace("[adult(17), adult(18)]", "[adult(0), adult(True)]"))
    assert main(["--root", str(project), "--slack", "1"], SUITES) == 0
    assert capsys.readouterr().out == "1 of 1 mutants killed (100.0%)\n  indexing: 1 of 1 (100.0%)\n"


def test_tests_that_fail_without_a_change_measure_nothing(project: Path) -> None:
    (project / "tests/test_code.py").write_text("def test_wrong() -> None:\n    assert False\n")
    with pytest.raises(SystemExit, match="The tests fail without a change"):
        main(["--root", str(project)], SUITES)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 3\n", ["x = 4"]),
        ("x = 0.5\n", ["x = 0.25", "x = 1.0"]),
        ("x = 0.0\n", ["x = 1.0"]),
        ("x = a < b <= c\n", ["x = a <= b <= c", "x = a < b < c"]),
        ("x = a == 'b'\n", ["x = a != 'b'", "x = a == 'XXb'"]),
        ("x = a not in {'b'}\n", ["x = a in {'b'}", "x = a not in {'XXb'}"]),
        ("x = a is None\n", ["x = a is not None"]),
        ("x = a and b\n", ["x = a or b"]),
        ("x = a + b - c\n", ["x = a - b - c", "x = a + b + c"]),
        ("x = a // b\n", ["x = a * b"]),
        ("x = not (a)\n", ["x = (a)"]),
        ("x = f(False)\n", ["x = f(True)"]),
        ("f(a)\n", ["pass"]),
        ("a -= b\n", ["pass"]),
        ("for a in b:\n    continue\n", ["pass"]),
        ("x = a['b']\n", ["x = a['XXb']"]),
        ("x = a.get('b', 'c')\n", ["x = a.get('XXb', 'c')"]),
        ("x = {'a': 'b'}\n", ["x = {'XXa': 'b'}"]),
        ("def f() -> list[int] | None:\n    return a\n", ["return None", "return []"]),
        ("def f() -> tuple[int, ...]:\n    return a\n", ["return ()"]),
        ("def f() -> Iterator[int]:\n    yield a\n", ["yield from ()"]),
        ("x = 'é' if a else 1\n", ["x = 'é' if a else 2"]),
    ],
)
def test_a_change_is_made_of(source: str, expected: list[str]) -> None:
    assert sorted(changes(source)) == sorted(expected)


@pytest.mark.parametrize(
    "source",
    [
        "__all__ = ['a'] + [1]\n",
        "x: Literal['a', 1]\n",
        "def f(a: Literal[1]) -> tuple[int, int]:\n    '''Return.'''\n    return a\n",
        "if TYPE_CHECKING:\n    x = 1\n",
        "raise Wrong('a' + 'b', 1)\n",
        "x = 'message'\n",
        "x = folder / 'name'\n",
        "x = f'{1}'\n",
        "@dataclass(frozen=True)\nclass A:\n    '''A.'''\n",
        "x = zip(a, b, strict=True)\n",
        'def f() -> str:\n    return ""\n',
    ],
)
def test_what_no_test_can_see_is_left_out(source: str) -> None:
    assert changes(source) == []


def test_a_sample_is_stable_and_takes_its_share_of_each_file() -> None:
    sizes = {"a": 60, "b": 30, "c": 10}
    all_of = [Mutant(path, line, (line, line, ""), "", "") for path, size in sizes.items() for line in range(size)]
    drawn = sample_mutants(all_of, 11, seed=1)
    assert [sum(mutant.path == path for mutant in drawn) for path in sizes] == [7, 3, 1]
    assert drawn == sample_mutants(all_of, 11, seed=1) != sample_mutants(all_of, 11, seed=2)
    assert sample_mutants(all_of, 100, seed=1) == all_of
