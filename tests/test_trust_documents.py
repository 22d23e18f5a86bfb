"""What the pages on safety, security and accessibility name is there."""

import re

import pytest

from docs.supply_chain import ROOT

PAGES = ("accessibility.md", "hazards.md", "security.md", "single-sign-on.md")


@pytest.mark.parametrize("page", PAGES)
def test_files_and_tests_that_a_page_names_exist(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    named = re.findall(r"`((?:tests|chatbot|training)/[\w./-]+)`(?: `(test_\w+)`)?", text)
    assert named
    for path, test in named:
        assert (ROOT / path).exists(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text("utf-8"), test


def test_each_risk_of_the_hazard_log_is_severity_times_likelihood() -> None:
    text = (ROOT / "docs" / "hazards.md").read_text("utf-8")
    rows = [row.split(" | ") for row in re.findall(r"^\| (H\d+ \|.*) \|$", text, re.MULTILINE)]
    assert [row[0] for row in rows] == [f"H{number}" for number in range(1, len(rows) + 1)]
    for row in rows:
        severity, likelihood, risk = map(int, row[4:7])
        assert risk == severity * likelihood, row[0]
