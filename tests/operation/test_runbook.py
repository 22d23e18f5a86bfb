import ast
import re
from collections.abc import Iterator
from pathlib import Path

from chatbot.operation.doctor import CHECKS
from chatbot.web.http.metrics import Metrics

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "operate.md").read_text("utf-8")


def first_cells(name: str) -> list[str]:
    """Return the first cells of a table of the runbook, without their code marks."""
    (table,) = re.findall(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", RUNBOOK, re.DOTALL)
    return [row.split(" | ")[0].removeprefix("| ").strip("`") for row in table.splitlines()[2:]]


def logged() -> Iterator[str]:
    """Yield the messages that the program logs, with `…` for what is filled in, but those of nothing else."""
    for path in ROOT.glob("chatbot/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="_LOG"), attr="warning" | "error" | "critical"),
                    args=[ast.Constant(value=str(text)), *_],
                ):
                    shown = re.sub(r"%[srd]( %[srd])*", "…", text)
                    if len(re.sub(r"[^a-z]", "", shown)) > 3:
                        yield shown


def test_the_runbook_lists_what_the_doctor_looks_at() -> None:
    assert first_cells("doctor") == [subject for subject, _ in CHECKS]


def test_the_runbook_says_what_each_message_of_the_log_means() -> None:
    explained = set(first_cells("messages"))
    missing = sorted({text for text in logged() if text not in explained})
    assert not missing, "explain these in docs/operate.md, under What its messages mean"
    assert sorted(explained - set(logged())) == [], "nothing logs these any more"


def test_the_runbook_names_the_metrics_that_there_are() -> None:
    families = {family.name for family in Metrics().registry.collect()}
    ours = {name for name in families if name.startswith("footnote_")}
    named = {name.removesuffix("_total") for name in re.findall(r"`(footnote_\w+)", RUNBOOK)}
    assert ours == {name for name in named if name in ours}
    assert named - ours == set()
