import logging
import shutil
from pathlib import Path

import pytest

from chatbot.bot import BuildState, load_pipeline
from chatbot.errors import CorpusError
from chatbot.indexing import build_index, current
from chatbot.settings import Settings, load_settings
from chatbot.staff import IndexHealer
from tests.conftest import WordEncoder

OLD, NEW = "Redness fades within three days.", "Redness fades within five days."
EARLIER, REBUILDING = "serving an earlier build", "serving an earlier build, rebuilding"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "red.txt").write_text(OLD)
    names = {"FOOTNOTE_CORPUS": "corpus", "FOOTNOTE_INDEX": "index", "FOOTNOTE_STAFF_DIR": "staff"}
    return load_settings({name: str(tmp_path / folder) for name, folder in names.items()})


def opened(settings: Settings, words: WordEncoder) -> IndexHealer:
    return IndexHealer.open(settings, load_pipeline(words))


def texts(healer: IndexHealer) -> list[str]:
    return [document.text for document in healer.bot.documents()]


def test_a_current_build_is_served_as_it_is(settings: Settings, words: WordEncoder) -> None:
    built = build_index(settings.corpus, settings.index, words).id
    healer = opened(settings, words)
    healer.look()
    assert (healer.bot.build, healer.bot.build_state) == (built, BuildState("current", ""))


def test_a_stale_build_is_served_until_the_new_one_is_made(
    settings: Settings, words: WordEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    built = build_index(settings.corpus, settings.index, words).id
    (settings.corpus / "red.txt").write_text(NEW)
    healer = opened(settings, words)
    assert (healer.bot.build, texts(healer)) == (built, [OLD])
    assert healer.bot.build_state == BuildState(REBUILDING, "The index is older than the pages")
    assert (
        f"was built. Build {built} is served, with the pages as they were then, while a new one is built."
        in caplog.text
    )
    healer.look()
    assert (healer.bot.build, texts(healer)) == (current(settings.index), [NEW])
    assert healer.bot.build_state == BuildState()


@pytest.mark.parametrize("damage", ["passages.jsonl", "CURRENT"])
def test_a_damaged_build_is_replaced_by_the_one_before(settings: Settings, words: WordEncoder, damage: str) -> None:
    old = build_index(settings.corpus, settings.index, words).id
    (settings.corpus / "red.txt").write_text(NEW)
    new = build_index(settings.corpus, settings.index, words).id
    (settings.index / ("CURRENT" if damage == "CURRENT" else f"{new}/{damage}")).write_text("damage")
    healer = opened(settings, words)
    served = {"CURRENT": (new, [NEW]), "passages.jsonl": (old, [OLD])}
    assert (healer.bot.build, texts(healer)) == served[damage]
    assert healer.bot.build_state == BuildState(REBUILDING, "The index is damaged")
    healer.look()
    assert (healer.bot.build, texts(healer), healer.bot.build_state) == (new, [NEW], BuildState())


def test_without_any_build_one_is_made_before_serving(settings: Settings, words: WordEncoder) -> None:
    seen: list[tuple[int, int]] = []
    healer = IndexHealer.open(settings, load_pipeline(words), progress=lambda *step: seen.append(step))
    assert (texts(healer), healer.bot.build_state, seen) == ([OLD], BuildState(), [(1, 1)])


def test_a_rebuild_that_fails_is_named_once_and_the_old_build_is_served(
    settings: Settings, words: WordEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    built = build_index(settings.corpus, settings.index, words).id
    (settings.corpus / "red.txt").unlink()
    healer = opened(settings, words)
    caplog.clear()
    for _ in range(3):
        healer.look()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert f"Still serving build {built}: {settings.corpus} holds no page" in caplog.text
    reason = "The index is older than the pages. The corpus cannot be read"
    assert (texts(healer), healer.bot.build_state) == ([OLD], BuildState(EARLIER, reason))
    (settings.corpus / "red.txt").write_text(NEW)
    build_index(settings.corpus, settings.index, words)  # by hand
    healer.look()
    assert (texts(healer), healer.bot.build_state) == ([NEW], BuildState())


def test_a_corpus_that_is_gone_leaves_the_build_served(settings: Settings, words: WordEncoder) -> None:
    build_index(settings.corpus, settings.index, words)
    shutil.rmtree(settings.corpus)
    healer = opened(settings, words)
    assert (texts(healer), healer.bot.build_state) == ([OLD], BuildState(REBUILDING, "The corpus cannot be read"))


def test_with_neither_pages_nor_a_build_the_start_fails(settings: Settings, words: WordEncoder) -> None:
    (settings.corpus / "red.txt").unlink()
    with pytest.raises(CorpusError, match="no page"):
        opened(settings, words)
