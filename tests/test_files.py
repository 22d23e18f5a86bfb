from pathlib import Path

import pytest

from chatbot.files import write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "clinic.toml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomically(path, b"new\n")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new\n", 0o640)
    assert names(tmp_path) == ["clinic.toml"]


def test_a_private_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_atomically(tmp_path / "report.json", b"{}", mode=0o600)
    assert (tmp_path / "report.json").stat().st_mode & 0o777 == 0o600


def test_a_leftover_draft_is_in_the_way_of_nothing(tmp_path: Path) -> None:
    (tmp_path / ".draft-a.txt").write_bytes(b"half of a longer text")
    write_atomically(tmp_path / "a.txt", b"whole")
    assert (tmp_path / "a.txt").read_bytes() == b"whole"


def test_no_link_is_written_through(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside.txt", tmp_path / "corpus"
    outside.write_bytes(b"theirs")
    folder.mkdir()
    for name in (".draft-a.txt", "a.txt"):
        (folder / name).symlink_to(outside)
    write_atomically(folder / "a.txt", b"ours")
    assert outside.read_bytes() == b"theirs"
    assert ((folder / "a.txt").read_bytes(), (folder / "a.txt").is_symlink()) == (b"ours", False)


def test_what_cannot_be_written_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "a.txt", b"new")
    assert names(tmp_path) == ["a.txt"]
