import logging
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock

import pytest

from chatbot.bot import BuildState, load_pipeline
from chatbot.errors import CorpusError
from chatbot.indexing import Encoded, build_index, current
from chatbot.settings import Settings, load_settings
from chatbot.staff import IndexHealer, RebuildTurns
from tests.conftest import WordEncoder

OLD, NEW = "Redness fades within three days.", "Redness fades within five days."
EARLIER, REBUILDING = "serving an earlier build", "serving an earlier build, rebuilding"
WAITING = "serving an earlier build, waiting to be rebuilt"


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


class CountingEncoder(WordEncoder):
    """Says how many threads encoded passages at once, at most."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self._lock, self._running, self._never = Lock(), 0, Event()

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
        self._never.wait(0.1)
        with self._lock:
            self._running -= 1
        return super().encode_passages(texts)


def test_the_sites_of_a_server_are_rebuilt_one_after_the_other(settings: Settings, tmp_path: Path) -> None:
    encoder, turns = CountingEncoder(), RebuildTurns()
    build_index(settings.corpus, settings.index, encoder)
    (settings.corpus / "red.txt").write_text(NEW)
    healers = []
    for number in range(3):
        index = Path(shutil.copytree(settings.index, tmp_path / f"index-{number}"))
        site = replace(settings, index=index, staff=tmp_path / f"staff-{number}")
        healers.append(IndexHealer.open(site, load_pipeline(encoder), turns=turns))
    assert {healer.bot.build_state.state for healer in healers} == {WAITING}
    for _ in healers:
        with ThreadPoolExecutor() as threads:
            list(threads.map(IndexHealer.look, healers))
        assert {healer.bot.build_state.state for healer in healers} <= {"current", WAITING}
    assert encoder.most == 1
    assert [texts(healer) for healer in healers] == [[NEW]] * 3


def test_a_stop_in_a_rebuild_logs_no_fault_of_the_disk(
    settings: Settings, words: WordEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    build_index(settings.corpus, settings.index, words)
    (settings.corpus / "red.txt").write_text(NEW)
    healer = opened(settings, words)
    caplog.clear()
    healer.stop()
    healer.look()
    assert (texts(healer), caplog.messages) == ([OLD], [])


def test_a_rebuild_rests_while_visitors_ask_but_not_for_ever() -> None:
    asking = iter([True, True, False, True])
    turns = RebuildTurns(lambda: next(asking))
    turns.rest(3600, Event())  # until nobody asks
    turns.rest(0, Event())  # although somebody asks
    stopped = Event()
    stopped.set()
    RebuildTurns(lambda: True).rest(3600, stopped)
    assert not list(asking)


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
