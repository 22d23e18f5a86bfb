"""Golden questions that staff save with one click."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatbot.bot import Chatbot
from chatbot.errors import GoldenFileInvalid, StaffError
from chatbot.evaluation import Expect, evaluate
from chatbot.staff import GoldenFile


def test_evaluate_reads_the_saved_questions(golden: GoldenFile, bot: Chatbot) -> None:
    redness = next(passage for passage in bot.passages() if "normal to experience some redness" in passage.text)
    golden.save("is redness normal afterwards?", (), (redness.text,), "alice")
    golden.save("who won the world cup?", ["is it safe?"], (), "alice")
    answered, refused = golden.read()
    assert (answered.expect, refused.expect) == (Expect.ANSWER, Expect.ABSTAIN)
    assert refused.history == ("is it safe?",)
    report = evaluate(bot, golden.read())
    assert report.unknown == ()
    assert report.all.hit_at_1.value == 1.0


def test_the_last_save_of_a_conversation_counts(golden: GoldenFile) -> None:
    golden.save("does it hurt?", (), ("Some words.",), "alice")
    golden.save("does it hurt?", ("is it safe?",), (), "alice")
    golden.save("does it hurt?", (), (), "bob")
    assert [(saved.history, saved.gold) for saved in golden.read()] == [(("is it safe?",), ()), ((), ())]


def test_lines_written_by_hand_stay(golden: GoldenFile, tmp_path: Path) -> None:
    (tmp_path / "staff").mkdir()
    (tmp_path / "staff" / "golden.jsonl").write_text('{"question": "by hand?"}\n\n', "utf-8")
    golden.save("does it hurt?", (), (), "alice")
    assert [saved.question for saved in golden.read()] == ["by hand?", "does it hurt?"]


def test_concurrent_saves_are_all_kept_for_the_owner_alone(golden: GoldenFile, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: golden.save(f"question {number}?", (), (), "alice"), range(40)))
    assert {saved.question for saved in golden.read()} == {f"question {number}?" for number in range(40)}
    path = tmp_path / "staff" / "golden.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(path.read_text("utf-8").splitlines()[0])["by"] == "alice"


def test_an_empty_file_is_an_error_that_names_the_cure(golden: GoldenFile) -> None:
    assert golden.read() == ()
    with pytest.raises(GoldenFileInvalid, match="save one in the staff console's tab Try it"):
        golden.require()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "staff").write_text("a file")
    with pytest.raises(StaffError, match=r"golden\.jsonl cannot be"):
        GoldenFile(tmp_path / "staff").save("does it hurt?", (), (), "alice")
