"""What the chat on other sites says, in each language."""

import json
import re
import tomllib
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from chatbot.answering import compose
from chatbot.bot import Chatbot
from chatbot.clinic import Chat, Clinic, Privacy, Urgent, Widget, load_clinic
from chatbot.errors import SettingsError
from chatbot.indexing import build_index
from chatbot.records import Outcome
from chatbot.web.http.translations import (
    LANGUAGES,
    direction,
    interface_texts,
    pause_lines,
    privacy_text,
    translations,
)
from chatbot.web.visitor.widget import script_tag, widget_routes
from tests.conftest import ROOT, WordEncoder

FOLDER = ROOT / "chatbot" / "web" / "static" / "texts"
NAMED = {"title", "contact"}


def ours(language: str) -> dict[str, str]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))


def test_every_language_says_everything_and_no_other_is_lying_about() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.toml")) == sorted(LANGUAGES)
    for language in LANGUAGES:
        texts = ours(language)
        assert texts.keys() == ours("en").keys()
        assert all(text.strip() == text and text for text in texts.values())
        assert {key for key, text in texts.items() if "{name}" in text} == NAMED
        assert {key for key, text in texts.items() if text.count("{number}") == 1} == {"emergency_call"}
        assert {key for key, text in texts.items() if text.count("{page}") == 1} == {"from_page"}
        assert {key for key, text in texts.items() if text.count("{days}") == 1} == {"privacy"}
        assert language == "en" or texts["notice"] != ours("en")["notice"]


@pytest.mark.parametrize("phone", ["999", ""])
def test_the_texts_that_the_scripts_use_are_sent_and_no_others(
    corpus: Path, words: WordEncoder, tmp_path: Path, phone: str
) -> None:
    build_index(corpus, tmp_path / "index", words)
    bot = Chatbot(corpus, tmp_path / "index", words, replace(Clinic(), urgent=Urgent(phone=phone)))
    tag = script_tag(bot, "https://chat.example", "de", 30, pin=True)
    sent = json.loads(unescape(tag.partition('data-clinic="')[2].partition('"')[0]))["texts"]
    scripts = "".join((FOLDER.parent / name).read_text("utf-8") for name in ("widget.js", "widget-talk.js"))
    assert sent.keys() == set(re.findall(r"\bT\.(\w+)", scripts))
    assert sent["emergency"] == ours("de")["emergency_call" if phone else "emergency"]
    assert sent["privacy"].startswith("Fragen werden 30 Tage")


def test_what_the_bot_says_in_english_is_what_is_translated(bot: Chatbot) -> None:
    said = translations(interface_texts(Clinic(), "de"))
    assert bot.ask("who won the football world cup?").message in said
    assert said[compose.WEAK] == "Unsere Seiten beantworten das vielleicht nicht. Bitte fragen Sie uns direkt."
    assert said[compose.WHICH] == "Was davon meinen Sie?"
    assert said[compose.VARIES].startswith("Das ist nicht überall gleich.")
    assert said.keys() == {
        compose.VARIES,
        compose.WEAK,
        compose.WHICH,
        *(compose.MESSAGES[key] for key in (Outcome.RELATED, Outcome.NOT_FOUND)),
    }


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (30, "Fragen werden 30 Tage ohne Ihren Namen aufbewahrt."),
        (1, "Fragen werden einen Tag ohne Ihren Namen aufbewahrt."),
        (0, "Fragen werden nicht aufbewahrt."),
    ],
)
def test_the_sentence_on_privacy_is_true_to_the_retention(days: int, told: str) -> None:
    assert privacy_text(Clinic(), "de", days).startswith(told)


def test_the_clinics_own_sentence_stands_in_its_own_language() -> None:
    clinic = Clinic(widget=Widget(language="fr"), privacy=Privacy("Rien de privé, {days} jours."))
    assert privacy_text(clinic, "fr", 0) == "Rien de privé, 0 jours."
    assert privacy_text(clinic, "en", 1).startswith("Questions are kept for one day")


def test_what_a_paused_chat_says_is_the_clinics_own_in_its_language() -> None:
    clinic = Clinic(chat=Chat(paused=True, message="Back on Monday."), urgent=Urgent(phone="999"))
    assert pause_lines(clinic, "en") == ("Back on Monday.", "In an emergency, call 999.")
    assert pause_lines(clinic, "de") == (
        "Der Assistent macht gerade Pause. Bitte fragen Sie uns direkt.",
        "Rufen Sie im Notfall 999 an.",
    )
    assert pause_lines(Clinic(), "en")[1] == "In an emergency, call your local emergency number."


def test_the_clinics_wording_stands_in_its_language_and_its_greeting_in_no_other() -> None:
    clinic = replace(
        Clinic(name="Care & Co", greeting="Ask us."),
        widget=Widget(
            title="Chat", language="fr", texts={"fr": {"launcher": "Allô {name} ?"}, "es": {"title": "¿Eh?"}}
        ),
    )
    french = interface_texts(clinic, "fr")
    assert (french["title"], french["greeting"], french["launcher"]) == ("Chat", "Ask us.", "Allô Care & Co ?")
    assert interface_texts(clinic, "es")["title"] == "¿Eh?"
    assert interface_texts(clinic, "es")["greeting"].startswith("¡Hola!")
    assert interface_texts(clinic, "de")["title"] == "Fragen an Care & Co"


def test_wording_of_a_text_that_is_shown_no_more_is_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    own = {"en": {"urgent": "Hurry", "answered": "So:", "send": "Go"}}
    texts = interface_texts(replace(Clinic(), widget=Widget(texts=own)), "en")
    assert texts["send"] == "Go"
    assert texts.keys() == ours("en").keys()
    assert [record.message for record in caplog.records] == [
        "clinic.toml: widget.texts.en.answered is no longer shown: delete it; an answer begins with its sentence.",
        "clinic.toml: widget.texts.en.urgent is no longer shown: delete it; word urgent answers in [urgent].",
    ]


def test_only_arabic_is_written_from_the_right() -> None:
    assert [language for language in LANGUAGES if direction(language) == "rtl"] == ["ar"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[widget]\nlanguage = 'xx'", "does not speak 'xx': set .* to one of en, es, fr"),
        ("[widget.texts.xx]\nsend = 'Go'", "does not speak 'xx'"),
        ("[widget.texts.en]\nsned = 'Go'", "widget.texts.en.sned is not a text of the chat. Use one of: again, "),
    ],
)
def test_wording_without_a_place_is_named_before_anything_is_served(
    tmp_path: Path, corpus: Path, words: WordEncoder, text: str, message: str
) -> None:
    (tmp_path / "clinic.toml").write_text(text)
    build_index(corpus, tmp_path / "index", words)
    bot = Chatbot(corpus, tmp_path / "index", words, load_clinic(tmp_path / "clinic.toml"))
    with pytest.raises(SettingsError, match=message):
        widget_routes(bot, 30)


def test_a_tag_is_plain_or_pinned(bot: Chatbot) -> None:
    assert script_tag(bot, "https://chat.example/", "en", 30, pin=False) == (
        '<script src="https://chat.example/widget.js" defer></script>'
    )
    assert 'src="https://chat.example/widget.js?language=es"' in script_tag(
        bot, "https://chat.example", "es", 30, pin=False
    )
    pinned = script_tag(bot, 'https://chat.example/"><b>', "en", 30, pin=True)
    assert "<b>" not in pinned
    assert pinned.count("<") == 2
    with pytest.raises(SettingsError, match="does not speak 'xx'"):
        script_tag(bot, "https://chat.example", "xx", 30, pin=False)
