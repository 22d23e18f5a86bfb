"""What Footnote ships of others: `python docs/supply_chain.py licences` and `python docs/supply_chain.py sbom FILE`.

`licences` writes the table of docs/licences.md anew. `sbom` writes a bill of materials (CycloneDX 1.6, JSON) of the
installed environment, without what only the checks need, and with the weights that lie in the package.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "licences.md"
TABLE: Final = re.compile(r"(?<=<!-- packages -->\n).*(?=\n<!-- /packages -->)", re.DOTALL)

_DEVELOPMENT: Final = "dev"
_NOT_SHIPPED: Final = {"pip"}
# Packages that state their licence as a text, or not in a form that says it in a word.
_STATED_ELSEWHERE: Final = {
    "cycler": "BSD-3-Clause",
    "kiwisolver": "BSD-3-Clause",
    "matplotlib": "Matplotlib (PSF style)",
    "pypdfium2": "BSD-3-Clause OR Apache-2.0; PDFium: BSD-3-Clause and Apache-2.0",
    "scipy": "BSD-3-Clause",
}
_WEIGHTS: Final = {
    "chatbot/answering/reader.onnx": "The reader, fine-tuned from all-MiniLM-L6-v2",
    "chatbot/triage/classifier.npz": "The emergency classifier, fine-tuned from all-MiniLM-L6-v2",
    "chatbot/indexing/encoder.onnx": "The operators of all-MiniLM-L6-v2, without weights",
}


def shipped() -> dict[str, Distribution]:
    """Return the installed distributions that a user of Footnote gets, by name: all but those for development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = (rows for name, rows in project["optional-dependencies"].items() if name != _DEVELOPMENT)
    found: dict[str, Distribution] = {}
    waiting = [Requirement(row) for row in (*project["dependencies"], *(row for rows in extras for row in rows))]
    while waiting:
        needed = waiting.pop()
        name = canonicalize_name(needed.name)
        if name in found or name in _NOT_SHIPPED:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # of an extra that is not installed
            continue
        extra_names = needed.extras or {""}
        waiting += [
            one
            for one in map(Requirement, found[name].requires or ())
            if not one.marker or any(one.marker.evaluate({"extra": extra}) for extra in extra_names)
        ]
    return found


def licence(package: Distribution) -> str:
    """Return the licence that a distribution states: its SPDX expression, its classifiers, or its text's first line."""
    metadata = package.metadata
    fields = ("Name", "License-Expression", "License")
    stated = {field: (metadata.get_all(field) or [""])[0] for field in fields}
    classifiers = [
        one.split(" :: ")[-1] for one in metadata.get_all("Classifier") or () if one.startswith("License ::")
    ]
    text = stated["License"].strip().partition("\n")[0]
    return (
        _STATED_ELSEWHERE.get(canonicalize_name(stated["Name"]))
        or stated["License-Expression"]
        or (text if len(text) < 40 else "")
        or ", ".join(classifiers)
        or text
    )


def rows(packages: dict[str, Distribution]) -> Iterator[str]:
    """Yield the rows of the table of packages."""
    for name, package in sorted(packages.items()):
        yield f"| {name} | {licence(package)} |"


def sbom(packages: Iterable[str]) -> dict[str, Any]:
    """Return the bill of materials of some of the installed packages, and of the weights."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "sbom.json"
        # Not validated here: `main` validates what is written, and that takes many times as long.
        command = [
            "-m",
            "cyclonedx_py",
            "environment",
            "--no-validate",
            "--output-reproducible",
            "--output-format",
            "JSON",
        ]
        subprocess.run([sys.executable, *command, "-o", str(target), sys.executable], check=True, capture_output=True)
        bill: dict[str, Any] = json.loads(target.read_text("utf-8"))
    names = {*packages, "footnote-clinic"}
    bill["components"] = [one for one in bill["components"] if canonicalize_name(one["name"]) in names]
    kept = {one["bom-ref"] for one in bill["components"]}
    bill["dependencies"] = [
        {**one, "dependsOn": [ref for ref in one.get("dependsOn", ()) if ref in kept]}
        for one in bill.get("dependencies", ())
        if one["ref"] in kept
    ]
    for component in bill["components"]:
        # Where a package came from names the folders of this machine.
        component.pop("externalReferences", None)
        component.pop("properties", None)
    bill["components"] += [_weights(path, text) for path, text in _WEIGHTS.items()]
    return bill


def _weights(path: str, description: str) -> dict[str, Any]:
    digest = hashlib.sha256((ROOT / path).read_bytes()).hexdigest()
    return {
        "type": "machine-learning-model",
        "bom-ref": path,
        "name": path,
        "description": description,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }


def main() -> None:
    """Write the table or the bill of materials."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("licences", help="write the table of docs/licences.md anew")
    commands.add_parser("sbom", help="write a bill of materials").add_argument("file", type=Path)
    options = parser.parse_args()
    packages = shipped()
    if options.command == "licences":
        table = "\n".join(["| package | licence |", "|---|---|", *rows(packages)])
        PAGE.write_text(TABLE.sub(lambda _: table, PAGE.read_text("utf-8")), "utf-8")
        return
    text = json.dumps(sbom(packages), indent=2) + "\n"
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"The bill of materials does not follow CycloneDX 1.6: {error}")
    options.file.parent.mkdir(parents=True, exist_ok=True)
    options.file.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
