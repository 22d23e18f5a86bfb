import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import pytest

from chatbot.errors import IndexBusy, IndexDamaged, IndexIncompatible, IndexingError, IndexMissing
from chatbot.indexing import activate, adopt, current, kept_builds, open_build, read_manifest
from chatbot.indexing.builds import Build, Manifest, draft, publish, write_lock

OTHER_DISK = Path("/dev/shm")  # noqa: S108 - a file system of its own, used for a folder of its own
FILES = {"a.jsonl": b"one\n", "b.bin": b"\x00\xff"}


def manifest(corpus: str = "c1") -> Manifest:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    return Manifest(4, corpus, "1", "words", "f1", 2, 3, ("bad.txt",), (), {"recall": 0.75}, digests)


def write(index: Path, corpus: str = "c1") -> Build:
    """Publish a build of `FILES`."""
    with draft(index) as folder:
        for name, content in FILES.items():
            (folder / name).write_bytes(content)
        return publish(index, folder, replace(manifest(corpus), files={}))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != ".lock"}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    with write_lock(folder):
        write(folder)
    return folder


FIRST = manifest().id
OTHER = manifest("c2").id


def test_a_build_is_named_by_its_inputs() -> None:
    assert manifest().id == hashlib.sha256(b'[4, "c1", "1", "f1"]').hexdigest()[:16]


@pytest.mark.parametrize(
    "change",
    [{"format": 5}, {"corpus": "c2"}, {"splitter": "2"}, {"encoder_fingerprint": "f2"}],
)
def test_any_other_input_makes_another_build(change: dict[str, object]) -> None:
    assert replace(manifest(), **change).id != FIRST  # type: ignore[arg-type] # one name of many types


def test_what_came_of_a_build_does_not_name_it() -> None:
    same = replace(manifest(), encoder="w", documents=0, passages=0, problems=(), search={}, files={})
    assert same.id == FIRST


def test_a_published_build_is_live_and_is_read_back_whole(index: Path) -> None:
    assert (current(index), open_build(index, FIRST)) == (FIRST, Build(manifest(), index / FIRST))
    assert {name: (index / FIRST / name).read_bytes() for name in FILES} == FILES
    assert names(index) == {"CURRENT", FIRST}


def test_a_build_lies_on_disk_as_its_files_and_a_sealed_manifest(index: Path) -> None:
    assert names(index / FIRST) == {"a.jsonl", "b.bin", "manifest.json"}
    fields = asdict(manifest()) | {"problems": ["bad.txt"]}
    seal = hashlib.sha256(json.dumps(fields, indent=2).encode()).hexdigest()
    written = json.dumps({"sha256": seal, "manifest": fields}, indent=2)
    assert (index / FIRST / "manifest.json").read_text() == written
    assert (index / "CURRENT").read_bytes() == f"{FIRST}\n".encode()


def test_without_a_build_there_is_none_that_is_live(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match=f"^There is no index in {tmp_path}: run 'footnote build'\\.$"):
        current(tmp_path)


@pytest.mark.parametrize(
    "name", [b"", b"0123456789abcde", b"0123456789abcdef0", b"0123456789ABCDEF", b"0123456789abcde\xff", b"../other"]
)
def test_a_live_build_of_no_such_name_is_damage(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "CURRENT").write_bytes(name)
    with pytest.raises(
        IndexDamaged,
        match=rf"^{tmp_path}/CURRENT is missing or is not what was written: run 'footnote build'\.$",
    ):
        current(tmp_path)


def test_a_folder_in_place_of_the_live_name_is_damage(tmp_path: Path) -> None:
    (tmp_path / "CURRENT").mkdir()
    with pytest.raises(IndexDamaged, match="CURRENT is missing or is not what was written"):
        current(tmp_path)


def test_white_space_around_the_live_name_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "CURRENT").write_bytes(b" 0123456789abcdef\r\n")
    assert current(tmp_path) == "0123456789abcdef"


@pytest.mark.parametrize("file", ["a.jsonl", "b.bin", "manifest.json"])
def test_a_file_that_is_missing_is_named(index: Path, file: str) -> None:
    (index / FIRST / file).unlink()
    with pytest.raises(IndexDamaged, match=f"{FIRST}/{file} is missing or is not what was written"):
        open_build(index, FIRST)


@pytest.mark.parametrize("file", ["a.jsonl", "b.bin"])
def test_a_file_that_was_altered_is_named(index: Path, file: str) -> None:
    (index / FIRST / file).write_bytes(FILES[file] + b"\n")
    with pytest.raises(IndexDamaged, match=f"{FIRST}/{file} is missing or is not what was written"):
        open_build(index, FIRST)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b"{}", b'{"manifest": {}}', b'{"sha256": ""}', b"null", b"[" * 200_000]
)
def test_a_malformed_manifest_is_damage(index: Path, content: bytes) -> None:
    (index / FIRST / "manifest.json").write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"manifest\.json is missing or is not what was written"):
        open_build(index, FIRST)


def test_a_manifest_that_was_altered_is_damage(index: Path) -> None:
    path = index / FIRST / "manifest.json"
    path.write_text(path.read_text().replace('"documents": 2', '"documents": 3'))
    with pytest.raises(IndexDamaged, match=r"manifest\.json is missing or is not what was written"):
        open_build(index, FIRST)


def test_a_build_under_the_name_of_another_is_damage(index: Path) -> None:
    (index / FIRST).rename(index / OTHER)
    with pytest.raises(IndexDamaged, match=rf"{OTHER}/manifest\.json is missing or is not what was written"):
        open_build(index, OTHER)


@pytest.mark.parametrize("fields", [{"format": 4}, {**asdict(manifest()), "more": 1}])
def test_a_whole_manifest_of_other_fields_is_of_another_version(index: Path, fields: dict[str, object]) -> None:
    seal = hashlib.sha256(json.dumps(fields, indent=2).encode()).hexdigest()
    (index / FIRST / "manifest.json").write_text(json.dumps({"sha256": seal, "manifest": fields}))
    with pytest.raises(
        IndexIncompatible,
        match=rf"^{index / FIRST} was built by another version of Footnote: run 'footnote build'\.$",
    ):
        open_build(index, FIRST)


def test_the_build_before_is_kept_and_older_ones_are_removed(index: Path) -> None:
    for corpus in ("c2", "c3"):
        write(index, corpus)
    live = manifest("c3").id
    assert (current(index), kept_builds(index)) == (live, (OTHER,))
    assert names(index) == {"CURRENT", OTHER, live}


def test_a_build_made_again_keeps_the_one_before_it(index: Path) -> None:
    write(index, "c2")
    write(index)
    assert (current(index), kept_builds(index)) == (FIRST, (OTHER,))


def test_a_whole_build_made_again_stays_and_only_strays_go(index: Path) -> None:
    (index / FIRST / "stray").touch()
    (index / FIRST / "folder").mkdir()
    (index / FIRST / "folder" / "stray").touch()
    before = (index / FIRST).stat().st_ino, (index / FIRST / "b.bin").stat().st_ino
    write(index)
    assert names(index / FIRST) == {"a.jsonl", "b.bin", "manifest.json"}
    assert ((index / FIRST).stat().st_ino, (index / FIRST / "b.bin").stat().st_ino) == before


def test_a_damaged_live_name_keeps_no_build(index: Path) -> None:
    (index / "CURRENT").write_bytes(b"\xff")
    write(index, "c2")
    assert (current(index), kept_builds(index)) == (OTHER, ())


def test_a_folder_in_place_of_the_live_name_is_replaced(index: Path) -> None:
    (index / "CURRENT").unlink()
    (index / "CURRENT").mkdir()
    (index / "CURRENT" / "file").touch()
    write(index, "c2")
    assert (current(index), kept_builds(index)) == (OTHER, ())


def test_drafts_are_removed_and_what_is_no_build_is_left_alone(index: Path) -> None:
    (index / f".draft-{OTHER}").mkdir()
    (index / f".draft-{OTHER}" / "half").touch()
    (index / ".draft-CURRENT").touch()
    (index / "notes").mkdir()
    (index / (FIRST + "0")).mkdir()
    write(index, "c2")
    assert names(index) == {"CURRENT", FIRST, OTHER, "notes", FIRST + "0"}


def test_a_link_among_old_builds_is_removed_and_not_what_it_points_at(index: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (index / "0123456789abcdef").symlink_to(tmp_path / "precious")
    write(index, "c2")
    assert names(index) == {"CURRENT", FIRST, OTHER}
    assert names(tmp_path / "precious") == {"file"}


def steps(work: Callable[[], object]) -> list[str]:
    """Watch what work does to the disk that decides what a loss of power leaves."""
    watched = {os.fsync: "fsync", os.close: "close", os.rename: "rename", os.replace: "replace"}
    calls: list[str] = []

    def watch(_frame: FrameType, event: str, called: object) -> None:
        if event == "c_call" and called in watched:
            calls.append(watched[called])
        elif event == "c_call" and getattr(called, "__name__", "") == "flush":
            calls.append("flush")

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def test_a_build_reaches_the_disk_before_it_gets_its_name(index: Path) -> None:
    file = ["flush", "fsync", "replace", "fsync", "close"]
    assert steps(lambda: write(index, "c2")) == ["fsync", "fsync", *file, "rename", *file]


def test_a_kept_build_is_made_live_in_one_step_of_the_disk(index: Path) -> None:
    write(index, "c2")
    done = steps(lambda: activate(index, FIRST))
    assert done[:5] == ["flush", "fsync", "replace", "fsync", "close"]
    assert (current(index), kept_builds(index)) == (FIRST, (OTHER,))
    assert names(index) == {"CURRENT", FIRST, OTHER}


def test_a_damaged_build_is_not_made_live(index: Path) -> None:
    write(index, "c2")
    (index / FIRST / "b.bin").unlink()
    with pytest.raises(IndexDamaged, match=r"b\.bin is missing"):
        activate(index, FIRST)
    assert current(index) == OTHER


def test_kept_builds_come_by_name_without_anything_else(index: Path) -> None:
    for name in ("ffffffffffffffff", "00000000000000aa", "00000000000000AA", "00000000000000aa0", ".draft-x"):
        (index / name).mkdir()
    assert kept_builds(index) == ("00000000000000aa", "ffffffffffffffff")


@pytest.fixture
def made(tmp_path: Path) -> Build:
    """Return a build that was made elsewhere."""
    with write_lock(tmp_path / "elsewhere"):
        return write(tmp_path / "elsewhere", "c2")


def test_a_build_that_was_made_elsewhere_is_adopted(index: Path, made: Build) -> None:
    adopt(index, made)
    assert (current(index), kept_builds(index)) == (OTHER, (FIRST,))
    assert open_build(index, OTHER) == Build(made.manifest, index / OTHER)
    shutil.rmtree(made.folder)
    assert {name: (index / OTHER / name).read_bytes() for name in FILES} == FILES


@pytest.mark.skipif(not OTHER_DISK.is_dir(), reason="there is no second disk here")
def test_a_build_on_another_disk_is_adopted(made: Build) -> None:
    with TemporaryDirectory(dir=OTHER_DISK) as folder:
        adopt(Path(folder), made)
        assert open_build(Path(folder), OTHER) == Build(made.manifest, Path(folder) / OTHER)


def test_a_damaged_build_is_refused_wherever_it_was_adopted(index: Path, made: Build) -> None:
    (made.folder / "a.jsonl").write_bytes(b"two\n")
    adopt(index, made)
    with pytest.raises(IndexDamaged, match=rf"{OTHER}/a\.jsonl is missing or is not what was written"):
        open_build(index, OTHER)


def test_a_draft_that_is_not_published_leaves_nothing(index: Path) -> None:
    with draft(index) as folder:
        (folder / "half").touch()
    assert names(index) == {"CURRENT", FIRST}


def test_the_manifest_is_read_without_the_other_files(index: Path) -> None:
    (index / FIRST / "a.jsonl").unlink()
    assert read_manifest(index).corpus == "c1"
    (index / FIRST).rename(index / OTHER)
    (index / "CURRENT").write_text(OTHER)
    with pytest.raises(IndexDamaged, match=rf"{OTHER}/manifest\.json is missing or is not what was written"):
        read_manifest(index)


@pytest.mark.parametrize("work", [adopt, lambda index, _made: activate(index, FIRST)])
def test_a_folder_that_is_being_written_is_not_changed(
    index: Path, made: Build, work: Callable[[Path, Build], object]
) -> None:
    with (
        write_lock(index),
        pytest.raises(IndexBusy, match=f"^Another build of {index} is under way: wait until it ends\\.$"),
    ):
        work(index, made)


def test_a_folder_may_be_written_again_after_a_failure(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "index"
    with pytest.raises(KeyError), write_lock(folder):
        raise KeyError
    with write_lock(folder):
        assert folder.is_dir()


def test_a_file_in_place_of_the_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "index").touch()
    reason = os.strerror(errno.EEXIST)
    with (
        pytest.raises(IndexingError, match=f"index cannot be written: {reason}\\. Check the folder and the disk\\.$"),
        write_lock(tmp_path / "index"),
    ):
        pass


def test_what_cannot_be_written_while_publishing_says_so(index: Path) -> None:
    (index / OTHER).touch()  # a file where the build's folder goes is in the way of nothing
    write(index, "c2")
    reason = os.strerror(errno.ENOENT)
    with (
        pytest.raises(IndexingError, match=f"cannot be written: {reason}\\. Check the folder and the disk\\.$"),
        draft(index) as folder,
    ):
        publish(index, folder / "nowhere", manifest("c3"))
    assert current(index) == OTHER


def test_a_system_error_without_a_message_is_named_by_its_type(index: Path) -> None:
    with (
        pytest.raises(IndexingError, match=r"cannot be written: TimeoutError\. Check the folder and the disk\.$"),
        draft(index),
    ):
        raise TimeoutError


@pytest.mark.parametrize("name", ["../../secret", "{0}/secret", "deep/../../../secret"])
def test_a_build_that_names_files_elsewhere_is_damaged(index: Path, name: str) -> None:
    (index.parent / "secret").write_bytes(b"one\n")
    fields = asdict(manifest()) | {"files": {name.format(index.parent): hashlib.sha256(b"one\n").hexdigest()}}
    checksum = hashlib.sha256(json.dumps(fields, indent=2).encode()).hexdigest()
    (index / FIRST / "deep").mkdir()
    (index / FIRST / "manifest.json").write_text(json.dumps({"manifest": fields, "sha256": checksum}))
    with pytest.raises(IndexDamaged, match=r"manifest\.json is missing or is not what was written"):
        open_build(index, FIRST)
