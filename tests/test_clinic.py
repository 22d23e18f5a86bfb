"""clinic.toml: what is read, which slips are named, and the old keys."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.clinic import (
    AllowedSites,
    Clinic,
    Contact,
    Crisis,
    Reply,
    Today,
    Urgent,
    Widget,
    example_warnings,
    load_clinic,
    parse_clinic,
)
from chatbot.errors import SettingsError
from chatbot.records import Level
from chatbot.settings import warn_renamed
from chatbot.triage import Wording

ROOT = Path(__file__).parents[1]
REPLY = "[[replies]]\nname = 'price'\nexamples = ['a']\nreply = 'x'\n"


def test_the_projects_own_clinic_file_is_read() -> None:
    clinic = load_clinic(ROOT / "clinic.toml")
    assert (clinic.name, clinic.contact.phone) == ("Example Skin Clinic", "+44 20 7946 0123")


def test_the_projects_own_replies_have_many_ways_to_ask() -> None:
    clinic = load_clinic(ROOT / "clinic.toml")
    assert [reply.name for reply in clinic.replies][:3] == ["price", "booking", "opening hours"]
    assert all(len(reply.examples) >= 12 for reply in clinic.replies)
    assert clinic.urgent.phone == "999"


def test_without_urgent_texts_visitors_still_learn_whom_to_call(tmp_path: Path) -> None:
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


def test_a_reply_is_read_with_its_spaces_trimmed(tmp_path: Path) -> None:
    (tmp_path / "clinic.toml").write_text(
        "[[replies]]\nname = ' price '\nexamples = [' how much? ']\nreply = ' Ask us. '\nlink = 'https://c.example/p'"
    )
    assert load_clinic(tmp_path / "clinic.toml").replies == (
        Reply("price", ("how much?",), "Ask us.", "https://c.example/p"),
    )


def test_without_a_file_the_clinic_has_no_name_and_no_contact() -> None:
    assert load_clinic(None) == Clinic()


def test_the_widget_and_its_sites_are_read(tmp_path: Path) -> None:
    (tmp_path / "clinic.toml").write_text(
        """
        [widget]
        title = " Ask us "
        language = "es"
        position = "left"
        target = "#chat"
        links = "same tab"
        open = true
        session_storage = true
        [widget.texts.es]
        send = "Vale"
        [sites]
        allowed = ["https://Clinic.example/", "http://localhost:8080", "https://m\u00fcnchen.example:443", "http://a.b:80"]
        api = "closed"
        requests_per_minute = 30
        """,
        "utf-8",
    )
    clinic = load_clinic(tmp_path / "clinic.toml")
    assert clinic.widget == Widget(
        "Ask us", "es", "left", "#chat", "same tab", open=True, session_storage=True, texts={"es": {"send": "Vale"}}
    )
    origins = ("https://clinic.example", "http://localhost:8080", "https://xn--mnchen-3ya.example", "http://a.b")
    assert clinic.sites == AllowedSites(origins, "closed", 30)


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
        ("[privacy]\nlink = 'javascript:x'", "privacy.link must be an address that starts with https://"),
        ("[privacy]\nnotice = 7", "privacy.notice must be text between quotation marks"),
        ("[chat]\npaused = 'yes'", "chat.paused must be true or false"),
        ("[colours]\naccent = 'red'", "colours.accent must be written as #rrggbb"),
        ("[urgent]\nnumber = '1'", r"urgent.number is not a key .* known here: message, phone"),
        ("[urgent]\nphone = 'ring us'", "urgent.phone must hold a number"),
        (f"[urgent]\nmessage = '{'x' * 2001}'", "urgent.message has 2001 characters: keep to 2000"),
        ("[urgent.crisis]\nphone = 'ring them'", "urgent.crisis.phone must hold a number"),
        ("[urgent.today]\nnumber = '1'", r"urgent.today.number is not a key .* known here: message, phone"),
        ("[replies]\nx = 'y'", r"replies must be tables, each written as \[\[replies\]\]"),
        ("replies = ['x']", r"replies\[1\] must be a table, written as \[\[replies\]\]"),
        ("[[replies]]\nname = 'x'\nreply = 'x'", r"replies\[1\].examples must be a list of 1 to 100 ways to ask"),
        ("[[replies]]\nname = 'x'\nexamples = []", r"replies\[1\].examples must be a list of 1 to 100"),
        (
            "[[replies]]\nname = 'x'\nexamples = ['a', 7]",
            r"replies\[1\].examples must hold texts of 1 to 200 characters, not 7",
        ),
        ("[[replies]]\nname = 'x'\nexamples = [' ']", r"replies\[1\].examples must hold texts"),
        ("[[replies]]\nexamples = ['a']\nreply = 'x'", r"replies\[1\].name must be a text of 1 to 60 characters"),
        ("[[replies]]\nexamples = ['a']\nname = 'x'", r"replies\[1\].reply must be a text of 1 to 2000 characters"),
        (f"{REPLY}answer = 'x'", r"replies\[1\].answer is not a key .* known here: name, examples, reply, link"),
        (f"{REPLY}link = 'http://clinic.example'", r"replies\[1\].link must be an address that starts with https://"),
        (f"{REPLY}link = 'javascript:x'", r"replies\[1\].link must be an address that starts with https://"),
        (REPLY * 2, "replies holds two that are called 'price'"),
        (REPLY * 51, "replies has 51 entries: keep to 50"),
        ("widget = 'x'", r"widget must be a table, written as \[widget\]"),
        ("sites = []", r"sites must be a table, written as \[sites\]"),
        ("[widget]\ncolour = 'x'", "widget.colour is not a key that Footnote knows; known here: title, language"),
        ("[widget]\nopen = 'yes'", "widget.open must be true or false"),
        ("[widget]\ntitle = 7", "widget.title must be text between quotation marks"),
        ("[widget]\nposition = 'top'", 'widget.position must be "left" or "right", not \'top\''),
        ("[widget]\nlinks = 'x'", 'widget.links must be "new tab" or "same tab"'),
        ("[widget]\ntexts = ['x']", "widget.texts must be tables, one a language"),
        ("[widget.texts]\nsend = 'x'", "widget.texts.send must be a table of texts"),
        ("[widget.texts.es]\nsend = 7", "widget.texts.es.send must be text between quotation marks"),
        (
            "[sites]\nallowed = 'https://a.example'",
            r"sites.allowed must be a list such as \[\"https://clinic.example\"\]",
        ),
        ("[sites]\nallowed = ['*']", r"sites.allowed holds '\*': write each site as https://name"),
        ("[sites]\nallowed = ['https://*.a.example']", "without a path or a star"),
        ("[sites]\nallowed = ['clinic.example']", "sites.allowed holds"),
        ("[sites]\nallowed = ['https://a.example/page']", "sites.allowed holds"),
        ("[sites]\nallowed = ['https://a.example:99999']", "sites.allowed holds"),
        ("[sites]\nallowed = ['https://me@a.example']", "sites.allowed holds"),
        ("[sites]\nallowed = ['null']", "sites.allowed holds"),
        ("[sites]\nallowed = ['https://" + "a" * 70 + ".example']", "sites.allowed holds"),
        ("[sites]\nallowed = [7]", "sites.allowed holds 7"),
        ("[sites]\napi = 'ajar'", 'sites.api must be "open" or "closed"'),
        ("[sites]\nrequests_per_minute = true", "sites.requests_per_minute must be a whole number"),
        ("[sites]\nrequests_per_minute = 0", "sites.requests_per_minute must be at least 1"),
        ("\x00", "cannot be read"),
    ],
)
def test_a_slip_is_named_with_its_key_and_cure(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "clinic.toml").write_text(text)
    with pytest.raises(SettingsError, match=message):
        load_clinic(tmp_path / "clinic.toml")


def test_a_missing_clinic_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="point FOOTNOTE_CLINIC at"):
        load_clinic(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "number", "line"),
    [
        ("[contact]\nphone = \u201c020\u201d\nemail = 'a@b'", 2, "phone = \u201c020\u201d (Invalid value)"),
        (
            "name = 'a'\n\ngreeting = 'It's us'",
            3,
            "greeting = 'It's us' (Expected newline or end of document after a statement)",
        ),
        ("name = 'a'\nname = 'b'", 2, "name = 'b' (Cannot overwrite a value)"),
        ("name = ", 1, "name = (Invalid value)"),
        ('name = """a\nb', 2, "b (Unterminated string)"),
    ],
)
def test_a_slip_in_toml_names_its_line_and_the_quotes_to_use(tmp_path: Path, text: str, number: int, line: str) -> None:
    path = tmp_path / "clinic.toml"
    with pytest.raises(SettingsError) as raised:
        parse_clinic(text, path)
    assert str(raised.value) == (
        f"{path}, line {number} cannot be read: {line}. Write each key once, and each text between straight "
        'quotation marks, as in name = "Our clinic".'
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[answers]\nwrong_at_most = 0.1", "[answers]\nmax_error_rate = 0.1"),
        ("[sites]\nrate = 30", "[sites]\nrequests_per_minute = 30"),
        (REPLY.replace("replies", "routes"), REPLY),
    ],
)
def test_an_old_key_still_works_and_warns_once(caplog: pytest.LogCaptureFixture, old: str, new: str) -> None:
    warn_renamed.cache_clear()
    for _ in range(2):
        assert parse_clinic(old, Path("clinic.toml")) == parse_clinic(new, Path("clinic.toml")) != Clinic()
    (message,) = caplog.messages
    key = re.compile(r"clinic.toml: (\S+) is now called (\S+)\. ").match(message)
    assert key
    assert key[1].rpartition(".")[2] in old
    assert key[2].rpartition(".")[2] in new


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("[answers]\nwrong_at_most = 0.1\nmax_error_rate = 0.1", ("answers.wrong_at_most", "answers.max_error_rate")),
        ("[sites]\nrate = 3\nrequests_per_minute = 3", ("sites.rate", "sites.requests_per_minute")),
        (REPLY + REPLY.replace("replies", "routes"), ("routes", "replies")),
    ],
)
def test_an_old_key_beside_the_new_one_is_refused(text: str, keys: tuple[str, str]) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_clinic(text, Path("clinic.toml"))
    assert str(raised.value) == f"clinic.toml: {keys[0]} is the old name of {keys[1]}: write {keys[1]} only."


def test_what_is_left_of_the_example_file_is_named() -> None:
    (sentence,) = example_warnings(load_clinic(ROOT / "clinic.toml"))
    assert sentence == (
        "Visitors are given the example clinic's phone, email, booking, hours, address, "
        "replies (“price”, “booking” and 6 more): write your own in clinic.toml."
    )
    made = load_clinic(ROOT / "chatbot" / "cli" / "example" / "clinic.toml")
    assert example_warnings(made)[0].startswith("Visitors are given the example clinic's phone, email, hours: write")
    mixed = replace(made, contact=Contact("0123"), replies=load_clinic(ROOT / "clinic.toml").replies[1:2])
    assert "the example clinic's replies (“booking”): write" in example_warnings(mixed)[0]


def test_a_clinic_with_values_of_its_own_is_not_warned() -> None:
    example = load_clinic(ROOT / "chatbot" / "cli" / "example" / "clinic.toml")
    assert example_warnings(replace(example, contact=Contact("0123", hours=example.contact.hours))) == ()
    assert example_warnings(Clinic()) == ()


@pytest.mark.parametrize(("email", "own"), [("hello@clinic.example", ""), ("care@glow.ie", "care@glow.ie"), ("", "")])
def test_the_examples_address_is_not_the_clinics_own(email: str, own: str) -> None:
    assert Contact(email=email).own_email == own
