import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from chatbot.errors import SettingsError, SiteRefused
from chatbot.settings import load_settings
from chatbot.sites import Site, SiteLock, Sites, site_settings


@pytest.fixture
def sites(tmp_path: Path) -> Sites:
    return Sites(tmp_path / "sites")


def test_an_added_site_is_found_with_a_key_of_its_own(sites: Sites) -> None:
    rose = sites.add("rose", hosts=["Chat.Rose.example"], crawl=["https://rose.example"])
    oak = sites.add("oak")
    assert sites.find().sites == (oak, rose)
    assert rose.hosts == ("chat.rose.example",)
    assert rose.crawl == ("https://rose.example",)
    assert len({rose.key, oak.key}) == 2
    assert len(rose.key) == 16


@pytest.mark.parametrize("name", ["", "..", "Rose", "a/b", ".hidden", "-a", "a" * 41, "rose clinic"])
def test_a_name_that_is_no_plain_folder_is_refused(sites: Sites, name: str) -> None:
    with pytest.raises(SiteRefused, match="is no name for a site"):
        sites.add(name)
    assert not sites.folder.exists()


@pytest.mark.parametrize("host", ["https://rose.example", "rose.example:80", "rose example", "*.rose.example", "-a.b"])
def test_a_host_that_is_no_host_name_is_refused(sites: Sites, host: str) -> None:
    with pytest.raises(SiteRefused, match="A host is written as in"):
        sites.add("rose", hosts=[host])
    assert not sites.find().sites


def test_a_host_of_another_site_is_refused(sites: Sites) -> None:
    rose = sites.add("rose", hosts=["chat.rose.example"])
    oak = sites.add("oak")
    with pytest.raises(SiteRefused, match=r"chat\.rose\.example is that of rose already"):
        sites.change(Site("oak", oak.key, rose.hosts))
    assert sites.get("oak") == oak


def test_one_broken_site_leaves_the_others_served(sites: Sites) -> None:
    oak, rose = sites.add("oak"), sites.add("rose")
    (sites.folder / "rose" / "site.toml").write_text("key = ")
    found = sites.find()
    assert found.sites == (oak,)
    assert len(found.problems) == 1
    assert "rose/site.toml cannot be read" in found.problems[0]
    (sites.folder / "rose" / "site.toml").write_text(f'key = "{oak.key}"')
    assert f"{oak.key} is that of oak already" in sites.find().problems[0]
    (sites.folder / "rose" / "site.toml").write_text(f'key = "{rose.key}"\nhost = "rose.example"')
    assert "and no other key" in sites.find().problems[0]


def test_a_renamed_site_keeps_its_key_and_all_its_files(sites: Sites) -> None:
    rose = sites.add("rose", hosts=["chat.rose.example"])
    (sites.folder / "rose" / "clinic.toml").write_text('name = "Rose"')
    sites.rename("rose", "red-rose")
    assert sites.find().sites == (Site("red-rose", rose.key, rose.hosts),)
    assert (sites.folder / "red-rose" / "clinic.toml").read_text() == 'name = "Rose"'
    with pytest.raises(SiteRefused, match="There is no site 'rose'"):
        sites.get("rose")


def test_a_removed_site_is_kept_aside(sites: Sites) -> None:
    sites.add("rose")
    (sites.folder / "rose" / "clinic.toml").write_text('name = "Rose"')
    kept = sites.remove("rose")
    assert (kept / "clinic.toml").read_text() == 'name = "Rose"'
    assert not sites.find().sites
    sites.add("rose")


def test_a_site_is_renamed_only_after_the_server_has_closed_it(sites: Sites) -> None:
    sites.add("rose")
    lock = SiteLock(sites, "rose")
    rename = "import sys; from chatbot.sites import *; from pathlib import Path; Sites(Path(sys.argv[1])).rename"
    program = [sys.executable, "-c", f"{rename}('rose', 'oak')", str(sites.folder)]
    with subprocess.Popen(program) as renaming:
        while not sites.is_closed("rose"):
            assert renaming.poll() is None
            time.sleep(0.01)
        with pytest.raises(SiteRefused, match="served again in a moment"):
            SiteLock(sites, "rose")
        assert [site.name for site in sites.find().sites] == ["rose"]
        lock.release()
    assert renaming.returncode == 0
    assert [site.name for site in sites.find().sites] == ["oak"]
    SiteLock(sites, "oak").release()


def test_a_site_that_was_removed_cannot_be_locked(sites: Sites) -> None:
    sites.add("rose")
    sites.remove("rose")
    with pytest.raises(SiteRefused, match="rose is not there any more"):
        SiteLock(sites, "rose")


def test_the_settings_of_a_site_name_its_own_folders(sites: Sites) -> None:
    rose = sites.add("rose", crawl=["https://rose.example"])
    settings = site_settings(load_settings({"FOOTNOTE_SITES": str(sites.folder), "FOOTNOTE_PORT": "99"}), rose)
    folder = sites.folder / "rose"
    assert (settings.corpus, settings.index, settings.clinic) == (
        folder / "corpus",
        folder / "index",
        folder / "clinic.toml",
    )
    assert (settings.journal, settings.staff) == (str(folder / "journal" / "journal.sqlite3"), folder / "staff")
    assert (settings.site, settings.port, settings.crawl) == ("rose", 99, ("https://rose.example",))
    off = load_settings({"FOOTNOTE_SITES": str(sites.folder), "FOOTNOTE_JOURNAL": "off"})
    assert site_settings(off, rose).journal == "off"
    shared = load_settings({"FOOTNOTE_SITES": str(sites.folder), "FOOTNOTE_DATABASE": "postgresql://anna@db/clinics"})
    own = site_settings(shared, rose)
    assert own.journal == f"postgresql://anna@db/clinics?options=-csearch_path%3Dfootnote_{rose.key}_journal"
    assert own.staff_database == own.journal.replace("_journal", "_staff")
    with pytest.raises(SettingsError, match="There is one site here"):
        site_settings(load_settings({}), rose)


def test_each_site_signs_its_webhooks_with_a_secret_of_its_own() -> None:
    server = load_settings({"FOOTNOTE_SITES": "sites", "FOOTNOTE_WEBHOOK_SECRET": "a secret"})
    # openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:'a secret' -kdfopt info:'footnote webhook abcdefgh' HKDF
    derived = "61ae8433a62caa0f6252ccd4ff9c4c3fc4d85fadc33185adf1108b5c381bd285"
    assert site_settings(server, Site("rose", "abcdefgh")).webhook_secret == derived
    assert site_settings(server, Site("red-rose", "abcdefgh")).webhook_secret == derived
    assert site_settings(server, Site("oak", "hgfedcba")).webhook_secret not in {derived, "a secret"}
    unsigned = load_settings({"FOOTNOTE_SITES": "sites"})
    assert not site_settings(unsigned, Site("rose", "abcdefgh")).webhook_secret


def test_a_folder_that_may_not_be_read_keeps_no_other_site_away() -> None:
    with tempfile.TemporaryDirectory() as folder:  # below no folder of another user
        sites = Sites(Path(folder) / "sites")
        rose, _ = sites.add("rose"), sites.add("elm")
        for path in (Path(folder), sites.folder, sites.folder / "rose", sites.folder / "rose" / "site.toml"):
            path.chmod(0o755)
        (sites.folder / "elm").chmod(0)
        user = os.geteuid()
        if not user:
            os.seteuid(65534)  # root may read everything
        try:
            found, changes = sites.find(), sites.changes()
        finally:
            os.seteuid(user)
            (sites.folder / "elm").chmod(0o700)
    assert found.sites == (rose,)
    (problem,) = found.problems
    assert "elm/site.toml cannot be read ([Errno 13] Permission denied" in problem
    assert isinstance(changes, dict)
    assert set(changes) == {"elm", "rose"}
