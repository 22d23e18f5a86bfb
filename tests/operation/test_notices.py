import json
import logging
from pathlib import Path

import pytest

from chatbot.operation.notices import PROXIES, REFUSED_SITES, Notices, read_notices


def test_a_notice_is_logged_once_and_kept_for_the_doctor(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices(tmp_path / "staff")
    for _ in range(3):
        notices.note(REFUSED_SITES, "https://a.test", "a.test was refused")
    notices.note(PROXIES, "10.0.0.7", "10.0.0.7 forwards")
    assert [record.getMessage() for record in caplog.records] == ["a.test was refused", "10.0.0.7 forwards"]
    kept = read_notices(tmp_path / "staff")
    assert {kind: list(names) for kind, names in kept.items()} == {
        REFUSED_SITES: ["https://a.test"],
        PROXIES: ["10.0.0.7"],
    }
    assert (tmp_path / "staff" / "notices.json").stat().st_mode & 0o777 == 0o600


def test_a_made_up_crowd_fills_neither_log_nor_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):  # two starts of a server
        notices = Notices(tmp_path)
        for number in range(80):
            notices.note(REFUSED_SITES, f"https://{number}.test", "refused")
    assert len(caplog.records) == 100
    assert len(read_notices(tmp_path)[REFUSED_SITES]) == 50


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "staff").write_text("a file in the way")
    with caplog.at_level(logging.WARNING):
        Notices(tmp_path / "staff").note(PROXIES, "10.0.0.7", "10.0.0.7 forwards")
    assert "notices.json cannot be written" in caplog.text


@pytest.mark.parametrize("content", ["", "[]", "{", json.dumps({"a": 3}), "[" * 5000])
def test_a_damaged_file_holds_no_notices(tmp_path: Path, content: str) -> None:
    (tmp_path / "notices.json").write_text(content)
    assert read_notices(tmp_path) == {}
    Notices(tmp_path).note(PROXIES, "10.0.0.7", "10.0.0.7 forwards")
    assert list(read_notices(tmp_path)) == [PROXIES]
