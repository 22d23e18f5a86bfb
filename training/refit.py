"""Fits every weight and threshold of Footnote anew and says what changed.

    python -m training.refit --data FOLDER            # fit all in a copy of the project, print what changed
    python -m training.refit --only replies --write   # fit one, and put its files in place
    python -m training.refit --data FOLDER --check    # look at the inputs alone

The fits run one after the other, because the gate is fitted over the ranking. What is the project's own lies in
`training/`; the public collections are named in `collections.toml` with their licence, source and SHA-256.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["FITS", "Fit", "changes", "missing_inputs"]

ROOT: Final = Path(__file__).parents[1]
COLLECTIONS: Final = ROOT / "training" / "collections.toml"
_COPIED: Final = ("chatbot", "training", "corpus", "tests/answering", "clinic.toml", "pyproject.toml", "README.md")


@dataclass(frozen=True, slots=True)
class Fit:
    """One fit: its module in `training`, the files that it writes, and the inputs that it reads."""

    module: str
    files: tuple[str, ...]
    own: tuple[str, ...]
    collections: tuple[str, ...] = ()


_RANKED: Final = ("stackfaq", "squad2_dev", "covidqa_deepset", "medquad_small", "pubmedqa_l")
_ASKED: Final = ("stackfaq", "medquad_small", "covidqa_deepset", "pubmedqa_l", "clinc150_oos")

FITS: Final[Mapping[str, Fit]] = {
    "ranking": Fit("fit_ranking", ("chatbot/answering/ranking.json",), ("training/clinics",), _RANKED),
    "reader": Fit(
        "fit_reader", ("chatbot/answering/reader.json", "chatbot/answering/reader.onnx"), ("training/sites",)
    ),
    "gate": Fit("fit_gate", ("chatbot/answering/gate.json",), ("training/clinics", "training/sites")),
    "clarify": Fit("fit_clarify", ("chatbot/answering/clarify.json",), ("training/unnamed.jsonl", "training/sites")),
    "approved": Fit(
        "fit_approved", ("chatbot/answering/approved.json",), ("training/rewordings.txt", "training/sites")
    ),
    "highlights": Fit("fit_highlights", ("chatbot/answering/highlights.json",), ("training/sites", "training/clinics")),
    "replies": Fit(
        "fit_replies",
        ("chatbot/answering/replies.json", "chatbot/answering/replies.npz"),
        (
            "training/intents.toml",
            "training/reply_wordings.toml",
            "training/clinics",
            "training/sites",
            "tests/answering/replies.txt",
            "clinic.toml",
        ),
        ("clinc150_oos",),
    ),
    "clustering": Fit(
        "fit_clustering",
        ("chatbot/staff/insights/clustering.json", "chatbot/staff/insights/clustering.npz"),
        ("training/intents.toml", "training/paraphrases.txt", "training/clinics"),
    ),
    "triage": Fit(
        "fit_triage",
        ("chatbot/triage/classifier.json", "chatbot/triage/classifier.npz"),
        (
            "training/triage",
            "training/triage/languages",
            "training/intents.toml",
            "training/paraphrases.txt",
            "clinic.toml",
        ),
        _ASKED,
    ),
}
"""The fits in the order in which they run."""


def main() -> int:
    """Check the inputs, fit, and print what changed; 1 if an input is missing or a fit failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder of the public collections")
    parser.add_argument("--only", nargs="+", choices=FITS, default=list(FITS), metavar="NAME", help=", ".join(FITS))
    parser.add_argument("--check", action="store_true", help="check the inputs, fit nothing")
    parser.add_argument("--write", action="store_true", help="put the new files in place of the old ones")
    options = parser.parse_args()
    missing = {name: list(missing_inputs(FITS[name], options.data)) for name in options.only}
    for name, lines in missing.items():
        print(f"{name}: {'inputs are there' if not lines else 'left out'}")
        print("".join(f"  {line}\n" for line in lines), end="")
    ready = [name for name in options.only if not missing[name]]
    failed = False
    if not options.check:
        with tempfile.TemporaryDirectory() as folder:
            fitted = [_fit(name, Path(folder), options) for name in ready]  # the others, too, where one fails
            failed = not all(fitted)
    return int(failed or len(ready) < len(options.only))


def missing_inputs(fit: Fit, data: Path | None, collections: Path = COLLECTIONS, root: Path = ROOT) -> Iterator[str]:
    """Yield a line for each input that is missing or is not the one that the committed fit read."""
    for name in fit.own:
        if not (root / name).exists():
            yield f"{name} is missing: get it back from the repository (git checkout -- {name})."
    table = tomllib.loads(collections.read_text("utf-8"))
    for name in fit.collections:
        if data is None:
            yield f"{name}: say where the public collections are with --data FOLDER."
            continue
        for file, digest in table[name]["sha256"].items():
            path = data / name / file
            if not path.is_file():
                yield f"{path} is missing: its source is {table[name]['source']}."
            elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                yield f"{path} is not the file that was fitted on: compare it with {table[name]['source']}."


def changes(before: Any, after: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 -- any JSON
    """Yield the name and both values of everything that differs between two JSON values, but the date of the fit."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            if key != "fitted":
                yield from changes(before.get(key), after.get(key), f"{name}.{key}".lstrip("."))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from changes(old, new, f"{name}[{number}]")
    elif before != after:
        yield name, before, after


def _fit(name: str, copy: Path, options: argparse.Namespace) -> bool:
    """Run one fit in a copy of the project, where later fits find what earlier ones made."""
    fit = FITS[name]
    for part in _COPIED if not (copy / "chatbot").exists() else ():
        source, target = ROOT / part, copy / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)
    data = ["--data", str(options.data.resolve())] if fit.collections else []
    start = time.monotonic()
    done = subprocess.run(  # noqa: S603 -- the project's own modules
        [sys.executable, "-m", f"training.{fit.module}", *data],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    minutes = (time.monotonic() - start) / 60
    if done.returncode:
        print(f"\n{name}: the fit failed after {minutes:.1f} minutes, see above.")
        return False
    print(f"\n{name}: fitted in {minutes:.1f} minutes")
    documents = [json.loads((root / fit.files[0]).read_text("utf-8")) for root in (ROOT, copy)]
    rows = list(changes(*documents))
    print("".join(f"  {key}: {old} -> {new}\n" for key, old, new in rows) or "  no figure changed\n", end="")
    if options.write:
        for file in fit.files:
            shutil.copyfile(copy / file, ROOT / file)
    return True


if __name__ == "__main__":
    sys.exit(main())
