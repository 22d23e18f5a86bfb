"""The monthly report of a site, as an agency sends it to a clinic."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.bot import Chatbot
from chatbot.database import Database
from chatbot.errors import SettingsError
from chatbot.indexing import Encoder, build_index
from chatbot.journal import Journal
from chatbot.journal.schema import JOURNAL
from chatbot.operation.monthly_report import Month, monthly_report
from chatbot.records import Answer, Outcome
from chatbot.settings import Settings, load_settings
from chatbot.sites import Agency, Sites, site_settings
from chatbot.web.agency import report_page

NOW = datetime(2026, 11, 3, tzinfo=UTC)
OCTOBER = Month(date(2026, 10, 1))
ASKED = [  # when, outcome, question
    (datetime(2026, 9, 30, 23, 59, tzinfo=UTC), Outcome.ANSWERED, "how much is a peel"),
    (datetime(2026, 10, 1, tzinfo=UTC), Outcome.ANSWERED, "how much is a peel"),
    (datetime(2026, 10, 5, tzinfo=UTC), Outcome.NOT_FOUND, "can i bring my <b>dog</b>"),
    (datetime(2026, 10, 31, 23, 59, tzinfo=UTC), Outcome.NOT_FOUND, "can i bring my <b>dog</b>"),
    (datetime(2026, 11, 1, tzinfo=UTC), Outcome.NOT_FOUND, "is there parking"),
]


@pytest.fixture
def settings(tmp_path: Path, encoder: Encoder) -> Settings:
    many = load_settings({"FOOTNOTE_SITES": str(tmp_path / "sites")})
    sites = Sites(tmp_path / "sites")
    own = site_settings(many, sites.add("rose"))
    own.corpus.mkdir()
    (own.corpus / "peel.md").write_text("---\nreviewed: 2026-10-20\n---\n# Peel\n\nA peel costs 70 pounds.\n")
    (own.corpus / "pets.md").write_text("# Visiting us\n\nLeave your bicycle outside.\n")
    (tmp_path / "sites" / "rose" / "clinic.toml").write_text('name = "Rose & Daughters"')
    build_index(own.corpus, own.index, encoder)
    for number, (moment, outcome, question) in enumerate(ASKED):
        journal = Journal(Database(own.journal, JOURNAL), 400, moment.timestamp)
        journal.record(f"{number:032x}", Answer(question, question, outcome, 0.5, "", (), ()), 1)
        journal.close()
    return own


def test_a_report_counts_its_own_month_and_names_what_is_missing(settings: Settings) -> None:
    journal = Journal(Database(settings.journal, JOURNAL), 400)
    bot = Chatbot.open(settings)
    report = monthly_report(bot, journal, settings, OCTOBER, NOW)
    assert (report.counts.questions, report.before.questions) == (3, 1)
    assert [(row.question, row.count) for row in report.unanswered] == [("can i bring my <b>dog</b>", 2)]
    assert [document.title for document in report.due] == ["Visiting us"]
    page = report_page(report, bot.clinic.name, Agency("Red Agency", "#8a1538", "help@agency.example"), NOW)
    assert "<h1>Rose &amp; Daughters</h1>" in page
    assert "What visitors asked the chat in October 2026" in page
    assert "Red Agency" in page
    assert "--accent: #8a1538" in page
    assert '<td>can i bring my &lt;b&gt;dog&lt;/b&gt;</td><td class="number">2</td>' in page
    assert "1 of the 2 pages are due for a review." in page
    assert "erased already" not in page
    assert not re.search(r"<script|<link|\ssrc=|url\((?!#)|href=\"(?!#)", page)  # nothing is loaded


def test_a_report_says_from_when_on_words_are_kept(settings: Settings) -> None:
    journal = Journal(Database(settings.journal, JOURNAL), 10)
    report = monthly_report(Chatbot.open(settings), journal, settings, OCTOBER, NOW)
    page = report_page(report, "Rose", Agency(), NOW)
    assert "The words of questions before 24 October 2026 are erased already" in page


def test_a_month_without_a_question_still_has_its_pages(settings: Settings) -> None:
    journal = Journal(Database(settings.journal, JOURNAL), 400)
    report = monthly_report(Chatbot.open(settings), journal, settings, Month(date(2026, 2, 1)), NOW)
    page = report_page(report, "Rose", Agency(), NOW)
    assert "Nobody asked anything in this month." in page
    assert "How fresh your pages are" in page


@pytest.mark.parametrize("text", ["2026-13", "October", "2026", "", "2026-1-1"])
def test_a_month_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is no month"):
        Month.parse(text)


def test_months_follow_each_other_over_the_year(settings: Settings) -> None:
    assert settings.site == "rose"
    assert str(Month.last(date(2026, 1, 31))) == "December 2025"
    assert Month.parse("2028-02").days == 29


def test_the_command_writes_a_file_for_each_site_that_it_can(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Sites(tmp_path / "sites").add("oak")
    (tmp_path / "sites" / "agency.toml").write_text('name = "Red Agency"\naccent = "#8a1538"')
    monkeypatch.setenv("FOOTNOTE_SITES", str(settings.sites))
    assert main(["sites", "report", str(tmp_path / "out"), "--month", "2026-10"]) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["rose-2026-10.html"]
    assert "Red Agency" in (tmp_path / "out" / "rose-2026-10.html").read_text()
    assert "oak: no report. There is no " in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert main(["sites", "report", str(tmp_path / "file"), "--only", "rose"]) == 1
    assert "cannot be written: File exists. Name another folder." in capsys.readouterr().err
    (tmp_path / "sites" / "agency.toml").write_text('accent = "red"')
    assert main(["sites", "report", str(tmp_path / "out")]) == 1
    assert 'write name = "..."' in capsys.readouterr().err
