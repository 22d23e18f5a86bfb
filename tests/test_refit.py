import hashlib
from pathlib import Path

from training.refit import FITS, Fit, changes, missing_inputs

FIT = Fit("fit_x", ("x.json",), ("training/words.txt",), ("faq",))


def inputs(folder: Path) -> Path:
    (folder / "training").mkdir()
    (folder / "training" / "words.txt").write_text("red")
    (folder / "faq").mkdir()
    (folder / "faq" / "corpus.jsonl").write_text("{}")
    table = folder / "collections.toml"
    digest = hashlib.sha256(b"{}").hexdigest()
    table.write_text(f'[faq]\nsource = "a/faq"\nlicence = "MIT"\n[faq.sha256]\n"corpus.jsonl" = "{digest}"\n')
    return table


def test_inputs_that_are_there_are_not_named(tmp_path: Path) -> None:
    assert list(missing_inputs(FIT, tmp_path, inputs(tmp_path), tmp_path)) == []


def test_each_input_that_is_missing_or_another_is_named_with_its_cure(tmp_path: Path) -> None:
    table = inputs(tmp_path)
    (tmp_path / "training" / "words.txt").unlink()
    (tmp_path / "faq" / "corpus.jsonl").write_text("{ }")
    assert list(missing_inputs(FIT, tmp_path, table, tmp_path)) == [
        "training/words.txt is missing: get it back from the repository (git checkout -- training/words.txt).",
        f"{tmp_path}/faq/corpus.jsonl is not the file that was fitted on: compare it with a/faq.",
    ]
    (tmp_path / "faq" / "corpus.jsonl").unlink()
    assert list(missing_inputs(FIT, tmp_path, table, tmp_path))[1:] == [
        f"{tmp_path}/faq/corpus.jsonl is missing: its source is a/faq."
    ]


def test_without_a_folder_the_collections_are_asked_for(tmp_path: Path) -> None:
    told = list(missing_inputs(FIT, None, inputs(tmp_path), tmp_path))
    assert told == ["faq: say where the public collections are with --data FOLDER."]


def test_the_projects_own_inputs_are_all_there() -> None:
    assert [line for fit in FITS.values() for line in missing_inputs(Fit("", (), fit.own), None)] == []


def test_changes_are_named_by_their_path_and_the_date_is_none() -> None:
    before = {"weights": {"maxsim": 1.5, "bm25": 2.5}, "risk": [[0.2, 0.3]], "fitted": "2026-01-01", "gone": 1}
    after = {"weights": {"maxsim": 1.5, "bm25": 2.6}, "risk": [[0.2, 0.4]], "fitted": "2026-02-02", "new": 2}
    assert list(changes(before, after)) == [
        ("weights.bm25", 2.5, 2.6),
        ("risk[0][1]", 0.3, 0.4),
        ("gone", 1, None),
        ("new", None, 2),
    ]
    assert list(changes(before, before)) == []
