"""The commands of many sites: accounts over several of them, and moving one to another server."""

import io
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.clinic import load_clinic
from chatbot.indexing import Encoder, build_index
from chatbot.settings import Settings, load_settings
from chatbot.sites import Sites, site_settings
from chatbot.staff import Account, AccountStore, Role, staff_database

PASSWORD = "correct horse battery"  # noqa: S105 -- of accounts of the tests


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FOOTNOTE_SITES", str(tmp_path / "sites"))
    assert main(["sites", "add", "rose", "--host", "chat.rose.example"]) == 0
    assert main(["sites", "add", "oak"]) == 0
    return load_settings({"FOOTNOTE_SITES": str(tmp_path / "sites")})


def accounts(settings: Settings, name: str) -> tuple[Account, ...]:
    sites = Sites(settings.sites or Path())
    return AccountStore(staff_database(site_settings(settings, sites.get(name)).staff)).accounts()


def test_an_account_is_made_at_several_sites_with_a_role_at_each(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert main(["sites", "staff", "add", "dana", "--role", "editor", "--password-stdin"]) == 0
    assert main(["sites", "staff", "role", "dana", "reader", "--only", "oak"]) == 0
    assert accounts(settings, "rose") == (Account("dana", Role.EDITOR),)
    assert accounts(settings, "oak") == (Account("dana", Role.READER),)
    database = staff_database(site_settings(settings, Sites(settings.sites or Path()).get("oak")).staff)
    assert AccountStore(database).sign_in("dana", PASSWORD)
    assert main(["sites", "staff", "remove", "dana", "--only", "rose"]) == 0
    capsys.readouterr()
    assert main(["sites", "staff", "remove", "dana"]) == 1  # at one of them there is none by now
    said = capsys.readouterr()
    assert said.out == "oak: dana has no account any more.\n"
    assert said.err.startswith("rose: There is no account 'dana'")


def test_a_command_prints_the_secret_of_a_sites_webhook(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["sites", "secret", "rose"]) == 1
    assert "set FOOTNOTE_WEBHOOK_SECRET" in capsys.readouterr().err
    monkeypatch.setenv("FOOTNOTE_WEBHOOK_SECRET", "a secret")
    assert main(["sites", "secret", "rose"]) == 0
    assert settings.sites
    rose = Sites(settings.sites).get("rose")
    own = site_settings(load_settings(), rose)
    assert capsys.readouterr().out == f"{own.webhook_secret}\n"


def test_a_site_moves_to_another_server_with_its_key(
    settings: Settings, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Sites(settings.sites or Path()).get("rose")
    own = site_settings(settings, site)
    build_index(own.corpus, own.index, encoder)
    archive = str(tmp_path / "rose.tar.gz")
    assert main(["backup", archive, "--site", "rose"]) == 0
    there = tmp_path / "there"
    monkeypatch.setenv("FOOTNOTE_SITES", str(there))
    assert main(["sites", "import", archive, "red-rose", "--key", site.key, "--host", "chat.rose.example"]) == 0
    assert Sites(there).get("red-rose").key == site.key
    assert (there / "red-rose" / "clinic.toml").read_bytes() == (own.corpus.parent / "clinic.toml").read_bytes()
    assert main(["ask", "how long does the swelling last?", "--site", "red-rose"]) == 0
    assert main(["sites", "import", archive, "other", "--key", site.key]) == 1  # the key is taken
    assert not (there / "other").exists()


def test_a_new_site_has_a_name_of_its_own(settings: Settings) -> None:
    assert settings.sites
    assert load_clinic(settings.sites / "rose" / "clinic.toml").name == "Rose"


def test_an_archive_that_is_none_makes_no_site(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "none.tar.gz").write_bytes(b"no archive")
    assert main(["sites", "import", str(tmp_path / "none.tar.gz"), "elm"]) == 1
    assert [site.name for site in Sites(settings.sites or Path()).find().sites] == ["oak", "rose"]


@pytest.mark.parametrize("arguments", [["build"], ["--site", "elm", "build"], ["ask", "peel?", "--site", "../rose"]])
def test_a_command_needs_the_name_of_a_site_that_is_there(
    settings: Settings, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings.sites
    capsys.readouterr()
    assert main(arguments) == 1
    assert "'footnote sites'" in capsys.readouterr().err
