from pathlib import Path

import pytest

from chatbot.clinic import load_clinic
from chatbot.errors import SettingsError
from chatbot.placement import Sites, Widget


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
    assert clinic.sites == Sites(origins, "closed", 30)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("widget = 'x'", r"widget must be a table, written as \[widget\]"),
        ("sites = []", r"sites must be a table, written as \[sites\]"),
        ("[widget]\ncolour = 'x'", "widget.colour is not a key that Footnote knows; known here: title, language"),
        ("[widget]\nopen = 'yes'", "widget.open must be true or false"),
        ("[widget]\ntitle = 7", "widget.title must be text between quotation marks"),
        ("[widget]\nposition = 'top'", 'widget.position must be "left" or "right", not \'top\''),
        ("[widget]\nlinks = 'x'", 'widget.links must be "new tab" or "same tab"'),
        ("[widget]\ntexts = ['x']", "widget.texts must be tables, one a language"),
        ("[widget.texts]\nsend = 'x'", "widget.texts.send must be a table of texts"),
        ("[widget.texts.es]\nsend = 7", "widget.texts.es must be a table of texts"),
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
    ],
)
def test_what_cannot_be_used_of_them_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "clinic.toml").write_text(text)
    with pytest.raises(SettingsError, match=message):
        load_clinic(tmp_path / "clinic.toml")


def test_the_old_name_of_the_limit_still_works(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "clinic.toml").write_text("[sites]\nrate = 30\n")
    assert load_clinic(tmp_path / "clinic.toml").sites.requests_per_minute == 30
    assert "sites.rate is called sites.requests_per_minute now" in caplog.text
