"""What an agency sees of its sites, from their files alone."""

import json
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.indexing import Encoder, build_index
from chatbot.journal import Journal
from chatbot.operation.site_overview import site_overview
from chatbot.records import Answer, Outcome
from chatbot.settings import Settings, load_settings
from chatbot.sites import Site, Sites, site_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"FOOTNOTE_SITES": str(tmp_path / "sites")})


def made(settings: Settings, encoder: Encoder, name: str, clinic: str) -> Site:
    site = Sites(settings.sites or Path()).add(name)
    own = site_settings(settings, site)
    own.corpus.mkdir()
    (own.corpus / "peel.md").write_text("# Peel\n\nA peel costs 70 pounds.\n")
    (own.corpus.parent / "clinic.toml").write_text(clinic)
    build_index(own.corpus, own.index, encoder)
    return site


def test_a_site_shows_its_size_its_questions_and_the_share_answered(settings: Settings, encoder: Encoder) -> None:
    site = made(settings, encoder, "rose", 'name = "Rose"\n[contact]\nphone = "0123"\n')
    journal = Journal.open(site_settings(settings, site).journal, 30)
    assert journal
    outcomes = (Outcome.ANSWERED, Outcome.ANSWERED, Outcome.NOT_FOUND, Outcome.URGENT)
    for number, outcome in enumerate(outcomes):
        journal.record(f"{number:032x}", Answer("peel?", "peel?", outcome, 0.5, "", (), ()), 1)
    journal.close()
    seen = site_overview(settings, site)
    assert (seen.clinic, seen.state, seen.pages, seen.passages) == ("Rose", "served", 1, 1)
    assert (seen.questions, seen.answered, seen.crawled) == (4, 2 / 4, None)
    assert any("Nobody has an account" in need for need in seen.needs)


def test_looking_at_a_site_makes_no_file_in_it(settings: Settings, encoder: Encoder) -> None:
    site = made(settings, encoder, "rose", 'name = "Rose"\n')
    folder = (settings.sites or Path()) / "rose"
    before = sorted(folder.rglob("*"))
    assert site_overview(settings, site).questions is None
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("clinic", "state", "need"),
    [
        ('name = "Rose"\n[chat]\npaused = true\n', "paused", "accounts"),
        ("name = ", "not served", "line 1 cannot be read"),
    ],
)
def test_what_is_wrong_with_a_site_is_its_state_and_a_need(
    settings: Settings, encoder: Encoder, clinic: str, state: str, need: str
) -> None:
    site = made(settings, encoder, "rose", clinic)
    seen = site_overview(settings, site)
    assert seen.state == state
    assert need in " ".join(seen.needs) or state == "paused"


def test_a_site_whose_pages_changed_since_its_build_is_outdated(settings: Settings, encoder: Encoder) -> None:
    site = made(settings, encoder, "rose", 'name = "Rose"\n')
    (site_settings(settings, site).corpus / "peel.md").write_text("# Peel\n\nA peel costs 80 pounds.\n")
    assert site_overview(settings, site).state == "outdated"


def test_the_command_lists_all_sites_as_a_table_and_as_json(
    settings: Settings, encoder: Encoder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made(settings, encoder, "rose", 'name = "Rose"\n')
    Sites(settings.sites or Path()).add("oak")
    monkeypatch.setenv("FOOTNOTE_SITES", str(settings.sites))
    assert main(["sites"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["site", "state", "pages", "passages", "questions", "answered", "crawled", "needs"]
    assert lines[1].split()[:3] == ["oak", "not", "served"]
    assert lines[2].split()[:4] == ["rose", "served", "1", "1"]
    assert lines[3] == "2 of 2 need a person: --needs says what for."
    assert main(["sites", "--json"]) == 3
    assert [site["name"] for site in json.loads(capsys.readouterr().out)] == ["oak", "rose"]
    assert main(["sites", "--needs"]) == 3
    assert "rose: Nobody has an account" in capsys.readouterr().out
