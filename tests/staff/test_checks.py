"""Dated reports on golden questions, and what changed between them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.bot import Chatbot
from chatbot.errors import CheckFailed
from chatbot.evaluation import Expect, GoldenQuestion
from chatbot.staff import (
    CheckReport,
    CheckReports,
    CheckResult,
    GoldenFile,
    check_report_text,
    differences,
    raise_on_regression,
)
from tests.conftest import ROOT

QUESTIONS = (
    GoldenQuestion(
        "a", "staff", "is redness normal after microneedling?", (), Expect.ANSWER, ("normal to experience",)
    ),
    GoldenQuestion("b", "staff", "who won the football world cup?", (), Expect.ABSTAIN, ()),
)


def verdict(name: str, expect: Expect = Expect.ABSTAIN, outcome: str = "not_found", **more: bool) -> CheckResult:
    return CheckResult(name, f"{name}?", expect, outcome, 0, more.get("shown", False), more.get("judged", False))


def report_of(*verdicts: CheckResult) -> CheckReport:
    return CheckReport(datetime(2026, 11, 23, tzinfo=UTC), "build", {}, verdicts)


def test_a_report_is_saved_and_read_back_unchanged(bot: Chatbot, tmp_path: Path) -> None:
    reports = CheckReports(tmp_path / "staff")
    progress: list[tuple[int, int]] = []
    report = reports.run(bot, QUESTIONS, lambda done, of: progress.append((done, of)))
    assert progress == [(1, 2), (2, 2)]
    assert reports.all() == (report,)
    assert reports.latest() == report
    assert report.build == bot.build
    assert {result.id: result.expect for result in report.verdicts} == {"a": Expect.ANSWER, "b": Expect.ABSTAIN}
    (path,) = (tmp_path / "staff" / "reports").iterdir()
    assert datetime.strptime(path.stem, "%Y-%m-%dT%H%M%S.%fZ").replace(tzinfo=UTC) == report.taken
    assert "curve" in json.loads(path.read_text("utf-8"))["gate"]


def test_a_report_of_release_0_1_is_read_by_the_names_of_today() -> None:
    stored = {"taken": "2026-11-23T00:00:00+00:00", "build": "build", "questions": []}
    report = CheckReport.of({**stored, "figures": {"first": 0.5, "first/direct": 0.25, "alarms": 0.0, "shown": None}})
    assert report.figures == {"hit@1": 0.5, "hit@1/direct": 0.25, "false_alarms": 0.0, "shown": None}


def test_a_report_that_cannot_be_read_is_left_out(bot: Chatbot, tmp_path: Path) -> None:
    reports = CheckReports(tmp_path)
    reports.run(bot, QUESTIONS)
    for name, text in (("2020-01-01T000000Z", "{}"), ("2020-01-02T000000Z", "no JSON"), ("2020-01-03T000000Z", "[]")):
        (tmp_path / "reports" / f"{name}.json").write_text(text)
    assert len(reports.all()) == 1


@pytest.mark.parametrize(
    ("result", "right"),
    [
        (verdict("a", Expect.ANSWER, "answered", judged=True, shown=True), True),
        (verdict("a", Expect.ANSWER, "answered", judged=True), False),
        (verdict("a", Expect.ANSWER, "answered"), True),
        (verdict("a", Expect.ANSWER, "related", judged=True, shown=True), False),
        (verdict("a", Expect.ABSTAIN, "related"), True),
        (verdict("a", Expect.ABSTAIN, "answered"), False),
        (verdict("a", Expect.ESCALATE, "urgent"), True),
        (verdict("a", Expect.ESCALATE, "answered"), False),
        (verdict("a", Expect.SMALLTALK, "reply"), True),
        (verdict("a", Expect.EITHER, "answered"), True),
    ],
)
def test_whether_a_verdict_is_right(result: CheckResult, right: bool) -> None:
    assert result.right is right


def test_differences_name_the_questions_that_changed() -> None:
    before = report_of(verdict("a"), verdict("b", outcome="answered"), verdict("c"), verdict("gone"))
    after = report_of(verdict("a", outcome="answered"), verdict("b"), verdict("c", outcome="related"), verdict("new"))
    change = differences(before, after)
    assert [result.id for result in change.worse] == ["a"]
    assert [result.id for result in change.better] == ["b"]
    assert (change.added, change.gone) == (1, 1)
    assert "worse: a? (answered)" in check_report_text(after, before)
    with pytest.raises(CheckFailed, match=r"Right the last time and wrong now: 'a\?' is answered"):
        raise_on_regression(after, before)


def test_a_first_report_and_an_improvement_are_no_regression() -> None:
    raise_on_regression(report_of(verdict("a", outcome="answered")), None)
    raise_on_regression(report_of(verdict("a")), report_of(verdict("a", outcome="answered")))


@dataclass(frozen=True)
class Done:
    """What the command has left."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def check(
    tmp_path: Path, bot: Chatbot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], Done]:
    """Return the command over the index that the tests share."""
    index = bot._folder  # noqa: SLF001 -- the tests share this index
    values = {"INDEX": index, "CORPUS": ROOT / "corpus", "CLINIC": ROOT / "clinic.toml", "STAFF_DIR": tmp_path}
    for name, value in values.items():
        monkeypatch.setenv(f"FOOTNOTE_{name}", str(value))
    return lambda: Done(main(["check"]), *capsys.readouterr())


def test_the_command_fails_when_a_question_becomes_wrong(tmp_path: Path, check: Callable[[], Done]) -> None:
    result = check()
    assert result.returncode == 1
    assert "save one in the staff console's tab Try it" in result.stderr
    GoldenFile(tmp_path).save("who won the football world cup?", (), (), "alice")
    result = check()
    assert (result.returncode, result.stdout) == (0, "1 of 1 golden questions are answered correctly.\n")
    assert result.stderr.startswith("Not signed off yet: a clinician must read the lists")
    (path,) = (tmp_path / "reports").iterdir()
    report = json.loads(path.read_text("utf-8"))
    lines = (tmp_path / "golden.jsonl").read_text("utf-8").replace('"abstain"', '"answer"')
    (tmp_path / "golden.jsonl").write_text(lines, "utf-8")
    report["questions"][0]["outcome"] = "answered"
    report["questions"][0]["expect"] = "answer"
    path.write_text(json.dumps(report), "utf-8")
    result = check()
    assert result.returncode == 1
    assert "Right the last time and wrong now: 'who won the football world cup?'" in result.stderr
    assert "0 of 1" in result.stdout
