import re
import shutil
import tomllib
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.bot import Chatbot
from chatbot.clinic import Reply, load_clinic
from chatbot.database import Database
from chatbot.errors import ChangeRefused
from chatbot.staff import FIELDS, AuditLog, ClinicText, ContentPaths
from chatbot.staff.content.clinic_file import with_reply, with_values, without_reply
from tests.conftest import ROOT, WordEncoder
from tests.staff.conftest import EDITOR, opened

TEXT = (ROOT / "clinic.toml").read_text("utf-8")
PRINTED = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=60)


def comments(text: str) -> list[str]:
    return re.findall(r"(?m)#[^\n\"]*$", text)


@pytest.fixture
def words_of(place: ContentPaths, words: WordEncoder, database: Database) -> tuple[Chatbot, ClinicText, AuditLog, Path]:
    path = Path(shutil.copy(ROOT / "clinic.toml", place.corpus.parent / "clinic.toml"))
    bot, history = opened(place, words), AuditLog(database)
    bot.set_clinic(load_clinic(path))
    return bot, ClinicText(bot, path, history), history, path


@settings(max_examples=40)  # each reads the whole file anew
@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), PRINTED))
def test_whatever_is_set_comments_stay_and_the_rest_says_what_it_said(values: dict[str, str]) -> None:
    text = with_values(TEXT, values)
    assert comments(text) == comments(TEXT)
    after, before = tomllib.loads(text), tomllib.loads(TEXT)
    for name, value in values.items():
        *tables, key = name.split(".")
        holder, old = (reduce(dict.__getitem__, tables, document) for document in (after, before))
        assert holder.pop(key, "").strip() == value.strip() or (old.get(key, "").strip() == value)
        old.pop(key, None)
    assert after == before


@settings(max_examples=40)  # as above
@given(
    st.lists(PRINTED.filter(str.strip), min_size=1, max_size=4), PRINTED, st.sampled_from([None, "price", "booking"])
)
def test_whatever_a_reply_says_comments_and_the_other_replies_stay(
    examples: list[str], reply: str, name: str | None
) -> None:
    new = Reply("our own", tuple(dict.fromkeys(example.strip() for example in examples)), reply, "https://a.example")
    text = with_reply(TEXT, new, name)
    assert comments(text) == comments(TEXT)
    after, before = tomllib.loads(text)["replies"], tomllib.loads(TEXT)["replies"]
    (own,) = (table for table in after if table["name"] == "our own")
    written = tuple(example.strip() for example in own["examples"]), own["reply"], own["link"]
    assert written == (new.examples, reply, new.link)
    assert [table for table in after if table is not own] == [table for table in before if table["name"] != name]


@pytest.mark.parametrize("name", [reply["name"] for reply in tomllib.loads(TEXT)["replies"]])
def test_a_reply_that_goes_takes_no_comment_with_it(name: str) -> None:
    noted = re.sub(r"(?m)^\[\[replies\]\]$", "# about the next reply\n[[replies]]", TEXT)
    text = without_reply(noted, name)
    assert comments(text) == comments(noted)
    assert [reply["name"] for reply in tomllib.loads(text)["replies"]] == [
        reply["name"] for reply in tomllib.loads(TEXT)["replies"] if reply["name"] != name
    ]


@pytest.mark.parametrize("key", ["replies", "routes"])
def test_an_edited_reply_keeps_the_key_of_its_file(key: str) -> None:
    text = f'[[{key}]]\nname = "x"\nreply = "y"\nexamples = ["z"]\n'
    text = with_reply(text, Reply("n", ("e",), "r"), None)
    assert [reply["name"] for reply in tomllib.loads(text)[key]] == ["x", "n"]
    assert tomllib.loads(without_reply(without_reply(text, "x"), "n")) == {}


def test_the_last_reply_can_go_and_another_come(tmp_path: Path) -> None:
    text = 'name = "A"\n\n[[replies]]\nname = "x"\nreply = "y"\nexamples = ["z"]\n'
    text = without_reply(text, "x")
    assert tomllib.loads(text) == {"name": "A"}
    text = with_reply(text, Reply("n", ("e", "f"), "r\ns"), None)
    (tmp_path / "clinic.toml").write_text(text)
    assert load_clinic(tmp_path / "clinic.toml").replies == (Reply("n", ("e", "f"), "r\ns"),)


def test_examples_that_stay_keep_their_comments() -> None:
    text = '[[replies]]\nname = "x"\nreply = "y"\nexamples = [\n    "a",  # first\n    "b",\n    "c",  # third\n]\n'
    changed = with_reply(text, Reply("x", ("a", "c", "d"), "y"), "x")
    assert comments(changed) == comments(text)
    assert tomllib.loads(changed)["replies"][0]["examples"] == ["a", "c", "d"]


def test_a_text_that_is_not_there_yet_is_added() -> None:
    text = with_values('[urgent]\nphone = "999"\n', {"name": "Ours", "contact.phone": "12", "urgent.phone": ""})
    assert tomllib.loads(text) == {"name": "Ours", "contact": {"phone": "12"}, "urgent": {}}


def test_what_is_saved_is_said_at_once_and_on_record(words_of: tuple[Chatbot, ClinicText, AuditLog, Path]) -> None:
    bot, words, history, path = words_of
    content_version = bot.content_version
    path.chmod(0o640)
    changed = words.set_values(EDITOR, {**words.values(), "greeting": "Welcome.\r\nAsk.", "contact.phone": " "})
    assert set(changed) == {"greeting", "contact.phone"}
    assert (bot.clinic.greeting, bot.clinic.contact.phone) == ("Welcome.\nAsk.", "")
    assert bot.content_version != content_version
    assert load_clinic(path) == bot.clinic
    assert path.stat().st_mode & 0o777 == 0o640
    (change,) = history.latest()
    assert (change.account, change.subject, change.summary) == ("alice", "Greeting, Telephone", "Changed")
    assert history.get(change.id).before == TEXT


def test_saving_what_is_said_already_changes_nothing(words_of: tuple[Chatbot, ClinicText, AuditLog, Path]) -> None:
    _, words, history, path = words_of
    assert words.set_values(EDITOR, words.values()) == ()
    assert (path.read_text("utf-8"), history.latest()) == (TEXT, ())


@pytest.mark.parametrize("written", ["paused = false\n", ""])
def test_the_record_names_only_what_changed_the_pause(
    words_of: tuple[Chatbot, ClinicText, AuditLog, Path], written: str
) -> None:
    bot, words, history, path = words_of
    path.write_text(TEXT.replace("paused = false\n", written), "utf-8")
    steps = (words.resume, words.pause, words.pause, words.resume, words.resume)
    assert [step("alice") for step in steps] == [False, True, False, True, False]
    assert not bot.clinic.chat.paused
    assert [words.pause("alice", "Back on Monday.") for _ in range(2)] == [True, False]
    assert [change.summary for change in history.latest()] == ["Paused", "Resumed", "Paused"]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("name", " ", "“Name of the clinic” must not be empty"),
        ("contact.phone", "none", "“Telephone” must hold a number"),
        ("contact.email", "a b", "“E-mail” must be an address"),
        ("contact.booking", "javascript:x", "“Booking page” must be an address"),
        ("urgent.message", "x" * 2001, "“Emergency: what is said” has 2001 characters: keep to 2000"),
        ("urgent.crisis.phone", "none", "“Crisis: line to call” must hold a number"),
        ("urgent.today.message", "x" * 2001, "“Ring today: what is said” has 2001 characters: keep to 2000"),
    ],
)
def test_what_cannot_be_said_is_refused_and_nothing_is_written(
    words_of: tuple[Chatbot, ClinicText, AuditLog, Path], name: str, value: str, why: str
) -> None:
    bot, words, history, path = words_of
    clinic = bot.clinic
    with pytest.raises(ChangeRefused, match=f"^{why}"):
        words.set_values(EDITOR, {name: value})
    assert (path.read_text("utf-8"), bot.clinic, history.latest()) == (TEXT, clinic, ())
    assert not [file for file in path.parent.iterdir() if file.name.startswith(".draft")]


def test_no_other_key_can_be_set(words_of: tuple[Chatbot, ClinicText, AuditLog, Path]) -> None:
    _, words, _, path = words_of
    assert words.set_values(EDITOR, {"sites.allowed": "https://evil.example", "colours.accent": "#000000"}) == ()
    assert path.read_text("utf-8") == TEXT


def test_replies_are_changed_added_removed_and_all_of_it_undone_newest_first(
    words_of: tuple[Chatbot, ClinicText, AuditLog, Path],
) -> None:
    bot, words, history, path = words_of
    names = [reply.name for reply in bot.clinic.replies]
    words.set_reply(EDITOR, Reply("parking", ("where to park",), "Behind the house."))
    words.set_reply(EDITOR, Reply("fees", ("how much",), "It is free."), "price")
    words.remove_reply(EDITOR, "booking")
    assert [reply.name for reply in bot.clinic.replies] == [
        "fees" if name == "price" else name for name in names if name != "booking"
    ] + ["parking"]
    changes = history.latest()
    with pytest.raises(ChangeRefused, match="undo the later changes first"):
        words.undo(EDITOR, changes[-1].id)
    for change in changes:
        words.undo(EDITOR, change.id)
    assert path.read_text("utf-8") == TEXT
    assert [reply.name for reply in bot.clinic.replies] == names


@pytest.mark.parametrize(("mark", "ending"), [("\ufeff", "\n"), ("", "\r\n"), ("\ufeff", "\r\n")])
def test_a_file_that_was_written_elsewhere_stays_as_it_is_written(
    words_of: tuple[Chatbot, ClinicText, AuditLog, Path], mark: str, ending: str
) -> None:
    bot, words, history, path = words_of
    written = (mark + TEXT.replace("\n", ending)).encode()
    path.write_bytes(written)
    words.set_values(EDITOR, {"name": "Ours"})
    assert path.read_bytes() == written.replace(b'"Example Skin Clinic"', b'"Ours"')
    assert bot.clinic.name == "Ours"
    words.undo(EDITOR, history.latest()[0].id)
    assert path.read_bytes() == written


def test_a_reply_that_is_gone_or_named_twice_is_refused(words_of: tuple[Chatbot, ClinicText, AuditLog, Path]) -> None:
    _, words, _, _ = words_of
    with pytest.raises(ChangeRefused, match="no reply called"):
        words.remove_reply(EDITOR, "nothing")
    with pytest.raises(ChangeRefused, match="holds two that are called"):
        words.set_reply(EDITOR, Reply("price", ("a",), "b"))


def test_without_a_file_there_is_nothing_to_change(place: ContentPaths, words: WordEncoder, database: Database) -> None:
    bot = opened(place, words)
    with pytest.raises(ChangeRefused, match=r"no clinic\.toml"):
        ClinicText(bot, None, AuditLog(database)).set_values(EDITOR, {"name": "Ours"})


def test_the_emergency_number_is_never_emptied(words_of: tuple[Chatbot, ClinicText, AuditLog, Path]) -> None:
    _, words, _, path = words_of
    before = path.read_bytes()
    with pytest.raises(ChangeRefused, match="“Emergency number” may not be empty"):
        words.set_values(EDITOR, {"urgent.phone": "  "})
    assert path.read_bytes() == before


def test_urgent_wording_of_each_level_is_set_and_emptied_again(
    words_of: tuple[Chatbot, ClinicText, AuditLog, Path],
) -> None:
    bot, words, _, path = words_of
    before = bot.clinic.urgent
    values = {
        "urgent.message": "Call {emergency}.",
        "urgent.crisis.message": "Call {crisis}.",
        "urgent.today.phone": "",
    }
    words.set_values(EDITOR, values)
    now = bot.clinic.urgent
    assert (now.message, now.crisis.message, now.today.phone) == ("Call {emergency}.", "Call {crisis}.", "")
    assert comments(path.read_text("utf-8")) == comments(TEXT)
    words.set_values(EDITOR, {"urgent.message": "", "urgent.crisis.message": " ", "urgent.today.phone": "111"})
    assert (bot.clinic.urgent, path.read_text("utf-8")) == (before, TEXT)


def test_a_pause_is_written_served_and_recorded(words_of: tuple[Chatbot, ClinicText, AuditLog, Path]) -> None:
    bot, words, history, path = words_of
    words.pause("alice", " Back on Monday. ")
    assert (bot.clinic.chat.paused, bot.clinic.chat.message) == (True, "Back on Monday.")
    assert load_clinic(path) == bot.clinic
    words.pause("alice")
    assert bot.clinic.chat.message == "Back on Monday."
    words.resume("bob")
    assert (bot.clinic.chat.paused, comments(path.read_text("utf-8"))) == (False, comments(TEXT))
    made = [(change.account, change.subject, change.summary) for change in history.latest()]
    assert made == [("bob", "The chat", "Resumed"), ("alice", "The chat", "Paused")]


def test_a_file_without_a_table_is_paused_and_resumed() -> None:
    paused = with_values('name = "Ours"\n', {"chat.paused": True})
    assert tomllib.loads(paused) == {"name": "Ours", "chat": {"paused": True}}
    assert tomllib.loads(with_values(paused, {"chat.paused": False}))["chat"] == {"paused": False}


def test_tables_that_are_missing_or_apart_are_found_or_added() -> None:
    text = '[urgent]\nphone = "999"\n\n[contact]\nphone = "12"\n\n[urgent.today]\nphone = "111"\n'
    text = with_values(text, {"urgent.crisis.phone": "116", "urgent.today.message": "Ring.", "urgent.message": "Call."})
    assert tomllib.loads(text) == {
        "urgent": {
            "phone": "999",
            "message": "Call.",
            "crisis": {"phone": "116"},
            "today": {"phone": "111", "message": "Ring."},
        },
        "contact": {"phone": "12"},
    }
    with pytest.raises(ChangeRefused, match=r"urgent\.crisis must be a table"):
        with_values('[urgent]\ncrisis = "x"\n', {"urgent.crisis.phone": "116"})


def test_changes_that_two_servers_make_at_once_are_all_kept(
    words_of: tuple[Chatbot, ClinicText, AuditLog, Path], place: ContentPaths, words: WordEncoder
) -> None:
    bot, one, history, path = words_of
    other = ClinicText(Chatbot(place.corpus, place.index, words, bot.clinic), path, history)
    replies = [Reply(f"reply {number}", (f"question {number}",), "We say so.", "") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: pair[0].set_reply(EDITOR, pair[1]), zip([one, other] * 4, replies, strict=True)))
    assert {reply.name for reply in load_clinic(path).replies} >= {reply.name for reply in replies}
