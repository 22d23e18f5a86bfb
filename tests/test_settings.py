from pathlib import Path

import pytest

from chatbot.errors import SettingsError
from chatbot.settings import load_settings, warn_renamed


def test_without_environment_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({})
    assert (settings.host, settings.port, settings.clinic) == ("127.0.0.1", 7860, None)
    assert (settings.corpus, settings.index) == (Path("corpus"), Path("index"))
    assert (settings.journal, settings.retention) == ("journal/journal.sqlite3", 30)


def test_an_empty_variable_means_the_default(tmp_path: Path) -> None:
    settings = load_settings(
        {"FOOTNOTE_PORT": "8000", "FOOTNOTE_HOST": "", "FOOTNOTE_CLINIC": str(tmp_path / "c.toml")}
    )
    assert (settings.port, settings.host, settings.clinic) == (8000, "127.0.0.1", tmp_path / "c.toml")


def test_a_password_in_the_journals_address_is_not_shown() -> None:
    assert load_settings({"FOOTNOTE_JOURNAL": " "}).journal == ""
    settings = load_settings({"FOOTNOTE_JOURNAL": "postgresql://a:hunter2@b/c", "FOOTNOTE_RETENTION_DAYS": "0"})
    assert (settings.journal, settings.retention) == ("postgresql://a:hunter2@b/c", 0)
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [("FOOTNOTE_RETENTION", "FOOTNOTE_RETENTION_DAYS", "7"), ("FOOTNOTE_STAFF", "FOOTNOTE_STAFF_DIR", "elsewhere")],
)
def test_an_old_name_still_works_and_warns_once(
    caplog: pytest.LogCaptureFixture, old: str, new: str, value: str
) -> None:
    warn_renamed.cache_clear()
    for _ in range(2):
        assert load_settings({old: value}) == load_settings({new: value})
    assert caplog.messages == [f"{old} is now called {new}. The old name will stop working in the next release."]
    with pytest.raises(SettingsError, match=f"^{old} is the old name of {new}: set {new} only\\.$"):
        load_settings({old: value, new: value})


@pytest.mark.parametrize("days", ["-1", "10000", "1.5", "month"])
def test_an_invalid_retention_is_named(days: str) -> None:
    with pytest.raises(SettingsError, match=r"_RETENTION_DAYS is .* set it to a number of days, from 0 to 9999"):
        load_settings({"FOOTNOTE_RETENTION_DAYS": days})


@pytest.mark.parametrize("port", ["0", "65536", "1" * 5000, "http", "-1", "\u0664\u0664"])
def test_an_invalid_port_is_named(port: str) -> None:
    with pytest.raises(SettingsError, match=r"FOOTNOTE_PORT is .* set it to a number from 1 to 65535"):
        load_settings({"FOOTNOTE_PORT": port})


def test_trusted_proxies_are_addresses_or_networks() -> None:
    assert load_settings({}).trusted_proxies == ()
    named = load_settings({"FOOTNOTE_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8 ::1"})
    assert named.trusted_proxies == ("127.0.0.1/32", "10.0.0.0/8", "::1/128")
    assert load_settings({"FORWARDED_ALLOW_IPS": "10.0.0.1"}).trusted_proxies == ("10.0.0.1/32",)
    for wrong in ("*", "proxy.example", "10.0.0.1/8"):
        with pytest.raises(SettingsError, match="FOOTNOTE_TRUSTED_PROXIES"):
            load_settings({"FOOTNOTE_TRUSTED_PROXIES": wrong})
