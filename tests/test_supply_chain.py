"""The bill of materials, and the page of licences."""

import json
import re
from pathlib import Path

from packaging.utils import canonicalize_name

from docs.supply_chain import PAGE, ROOT, TABLE, rows, sbom, shipped


def listed() -> dict[str, str]:
    table = TABLE.search(PAGE.read_text("utf-8"))
    assert table
    return {row.split(" | ")[0].removeprefix("| "): row for row in table.group().splitlines()[2:]}


def test_every_package_that_is_shipped_is_listed_with_its_licence() -> None:
    page = listed()
    missing = [row for row in rows(shipped()) if row not in page.values()]
    assert not missing, "run: python docs/supply_chain.py licences"
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()[1:]
    assert set(page) <= {canonicalize_name(pin.split("==")[0]) for pin in pins}


def test_no_licence_asks_for_the_source_of_the_whole() -> None:
    page = listed()
    assert len(page) > 80
    assert [name for name, row in page.items() if re.search(r"GPL|General Public", row)] == [
        "psycopg",
        "psycopg-binary",
    ]
    assert not [name for name, row in page.items() if row.endswith(("|  |", "| UNKNOWN |"))]


def test_the_bill_of_materials_names_packages_and_weights_and_no_path(tmp_path: Path) -> None:
    packages = shipped()
    bill = sbom(packages)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    names = {canonicalize_name(one["name"]) for one in bill["components"] if one["type"] == "library"}
    assert names >= set(packages)
    assert not names & {"pytest", "mypy", "ruff", "hypothesis"}
    weights = [one for one in bill["components"] if one["type"] == "machine-learning-model"]
    assert {one["name"] for one in weights} >= {"chatbot/answering/reader.onnx", "chatbot/triage/classifier.npz"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", one["hashes"][0]["content"]) for one in weights)
    text = json.dumps(bill)
    assert str(ROOT) not in text
    assert "file://" not in text
    assert str(tmp_path.parent) not in text
