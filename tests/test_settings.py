from pathlib import Path

import pytest

from chatbot.clinic import Clinic, Crisis, Reply, Today, Urgent, load_clinic
from chatbot.errors import SettingsError
from chatbot.records import Level
from chatbot.settings import load_settings
from chatbot.triage import Wording

ROOT = Path(__file__).parents[1]
ROUTE = "[[routes]]\nname = 'price'\nexamples = ['a']\nreply = 'x'\n"


def test_without_environment_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({})
    assert (settings.host, settings.port, settings.clinic) == ("127.0.0.1", 7860, None)
    assert (settings.corpus, settings.index) == (Path("corpus"), Path("index"))
    assert (settings.journal, settings.retention) == ("journal/journal.sqlite3", 30)


def test_the_environment_wins_and_an_empty_value_is_none(tmp_path: Path) -> None:
    settings = load_settings(
        {"FOOTNOTE_PORT": "8000", "FOOTNOTE_HOST": "", "FOOTNOTE_CLINIC": str(tmp_path / "c.toml")}
    )
    assert (settings.port, settings.host, settings.clinic) == (8000, "127.0.0.1", tmp_path / "c.toml")


def test_an_empty_journal_is_none_and_its_password_is_not_shown() -> None:
    assert load_settings({"FOOTNOTE_JOURNAL": " "}).journal == ""
    settings = load_settings({"FOOTNOTE_JOURNAL": "postgresql://a:hunter2@b/c", "FOOTNOTE_RETENTION": "0"})
    assert (settings.journal, settings.retention) == ("postgresql://a:hunter2@b/c", 0)
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("days", ["-1", "10000", "1.5", "month"])
def test_a_retention_that_is_none_is_named(days: str) -> None:
    with pytest.raises(SettingsError, match=r"FOOTNOTE_RETENTION is .* set it to a number of days, from 0 to 9999"):
        load_settings({"FOOTNOTE_RETENTION": days})


@pytest.mark.parametrize("port", ["0", "65536", "1" * 5000, "http", "-1", "\u0664\u0664"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(SettingsError, match=r"FOOTNOTE_PORT is .* set it to a number from 1 to 65535"):
        load_settings({"FOOTNOTE_PORT": port})


def test_the_projects_own_clinic_file_is_read() -> None:
    clinic = load_clinic(ROOT / "clinic.toml")
    assert (clinic.name, clinic.contact.phone) == ("Example Skin Clinic", "+44 20 7946 0123")


def test_the_projects_own_clinic_file_has_routes_with_many_ways_to_ask() -> None:
    clinic = load_clinic(ROOT / "clinic.toml")
    assert [route.name for route in clinic.replies][:3] == ["price", "booking", "opening hours"]
    assert all(len(route.examples) >= 12 for route in clinic.replies)
    assert clinic.urgent.phone == "999"


def test_a_clinic_that_writes_nothing_still_tells_people_whom_to_call(tmp_path: Path) -> None:
    (tmp_path / "clinic.toml").write_text("name = 'x'")
    clinic = load_clinic(tmp_path / "clinic.toml")
    assert (clinic.urgent, clinic.replies) == (Urgent(), ())
    assert "Call your local emergency number now" in Wording.standard("en").urgent(Level.EMERGENCY, clinic)


def test_each_level_of_urgency_has_its_own_number_and_wording(tmp_path: Path) -> None:
    (tmp_path / "clinic.toml").write_text(
        "[urgent]\nphone = '112'\n"
        "[urgent.crisis]\nphone = '116 123'\nmessage = ' Talk. '\n"
        "[urgent.today]\nphone = '111'"
    )
    assert load_clinic(tmp_path / "clinic.toml").urgent == Urgent(
        "", "112", Crisis("Talk.", "116 123"), Today("", "111")
    )


def test_a_route_is_read_with_its_spaces_trimmed(tmp_path: Path) -> None:
    (tmp_path / "clinic.toml").write_text(
        "[[routes]]\nname = ' price '\nexamples = [' how much? ']\nreply = ' Ask us. '\nlink = 'https://c.example/p'"
    )
    assert load_clinic(tmp_path / "clinic.toml").replies == (
        Reply("price", ("how much?",), "Ask us.", "https://c.example/p"),
    )


def test_without_a_file_the_clinic_has_no_name_and_no_contact() -> None:
    assert load_clinic(None) == Clinic()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "cannot be read"),
        (
            "nmae = 'x'",
            "nmae is not a key that Footnote knows; known here: name, greeting, \\[contact\\], \\[colours\\]",
        ),
        ("name = 7", "name must be text between quotation marks"),
        ("name = ' '", "name must not be empty"),
        ("contact = 'x'", r"contact must be a table, written as \[contact\]"),
        ("[contact]\nfax = '1'", "contact.fax is not a key"),
        ("[contact]\nphone = 'call us'", "contact.phone must hold a number"),
        ("[contact]\nemail = 'call us'", "contact.email must be an address with an @"),
        ("[contact]\nbooking = 'https://[x'", "contact.booking must be an address"),
        ("a = " + "[" * 5000, "cannot be read"),
        ("a = " + "1" * 5000, "cannot be read"),
        ("[contact]\nbooking = 'javascript:x'", "contact.booking must be an address that starts with https://"),
        ("[colours]\naccent = 'red'", "colours.accent must be written as #rrggbb"),
        ("[urgent]\nnumber = '1'", r"urgent.number is not a key .* known here: message, phone"),
        ("[urgent]\nphone = 'ring us'", "urgent.phone must hold a number"),
        (f"[urgent]\nmessage = '{'x' * 2001}'", "urgent.message has 2001 characters: keep to 2000"),
        ("[urgent.crisis]\nphone = 'ring them'", "urgent.crisis.phone must hold a number"),
        ("[urgent.today]\nnumber = '1'", r"urgent.today.number is not a key .* known here: message, phone"),
        ("[routes]\nx = 'y'", r"routes must be tables, each written as \[\[routes\]\]"),
        ("routes = ['x']", r"routes\[1\] must be a table"),
        ("[[routes]]\nreply = 'x'", r"routes\[1\].examples must be a list of 1 to 100 ways to ask"),
        ("[[routes]]\nexamples = []", r"routes\[1\].examples must be a list of 1 to 100"),
        ("[[routes]]\nexamples = ['a', 7]", r"routes\[1\].examples must hold texts of 1 to 200 characters, not 7"),
        ("[[routes]]\nexamples = [' ']", r"routes\[1\].examples must hold texts"),
        ("[[routes]]\nexamples = ['a']\nreply = 'x'", r"routes\[1\].name must be a text of 1 to 60 characters"),
        ("[[routes]]\nexamples = ['a']\nname = 'x'", r"routes\[1\].reply must be a text of 1 to 2000 characters"),
        (f"{ROUTE}answer = 'x'", r"routes\[1\].answer is not a key .* known here: name, examples, reply, link"),
        (f"{ROUTE}link = 'http://clinic.example'", r"routes\[1\].link must be an address that starts with https://"),
        (f"{ROUTE}link = 'javascript:x'", r"routes\[1\].link must be an address that starts with https://"),
        (ROUTE * 2, "two routes are called 'price'"),
        (ROUTE * 51, "there are 51 routes: keep to 50"),
        ("\x00", "cannot be read"),
    ],
)
def test_what_cannot_be_used_in_the_clinic_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "clinic.toml").write_text(text)
    with pytest.raises(SettingsError, match=message):
        load_clinic(tmp_path / "clinic.toml")


def test_a_clinic_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="point FOOTNOTE_CLINIC at"):
        load_clinic(tmp_path / "none.toml")
