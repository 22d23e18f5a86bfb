"""The peers, each in an environment of its own: .bench/peers/NAME."""

import hashlib
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tqdm import tqdm

__all__ = ["FOOTNOTE", "PEERS", "ROOT", "System", "systems"]

ROOT: Final = Path(__file__).parents[2]
FOOTNOTE: Final = "footnote"

_SERVER: Final = ("fastapi", "uvicorn")
_ENCODER: Final = ("sentence-transformers", *_SERVER)
PEERS: Final = {
    "plain": ("sentence-transformers + FAISS", (*_ENCODER, "faiss-cpu")),
    "langchain": ("LangChain", (*_ENCODER, "faiss-cpu", "langchain-huggingface", "langchain-community")),
    "chroma": ("Chroma", (*_ENCODER, "chromadb")),
    "llamaindex": (
        "LlamaIndex",
        (*_ENCODER, "llama-index-core", "llama-index-embeddings-huggingface", "llama-index-vector-stores-faiss"),
    ),
    "txtai": ("txtai", (*_ENCODER, "txtai")),
    "haystack": ("Haystack", (*_ENCODER, "haystack-ai", "sentence-transformers-haystack")),
}
"""Title and requirements of each peer."""

_SAME: Final = ("faiss-cpu", "numpy", "sentence-transformers", "tokenizers", "torch", "transformers")
"""Packages of which every system has the version that Footnote is tested with."""


@dataclass(frozen=True, slots=True)
class System:
    """Footnote or a peer, and the Python that runs it."""

    name: str
    title: str
    python: Path


def systems(
    names: Iterable[str], folder: Path, peers: Mapping[str, tuple[str, tuple[str, ...]]] = PEERS
) -> tuple[list[System], dict[str, str]]:
    """Return Footnote and the peers that can be installed, and the reason for each that cannot, by title."""
    ready, left_out = [System(FOOTNOTE, "Footnote", Path(sys.executable))], {}
    for name in tqdm(list(names), desc="Environments", leave=False):
        title, requirements = peers[name]
        try:
            ready.append(System(name, title, _environment(folder / name, requirements)))
        except subprocess.CalledProcessError as error:
            reason = (error.stderr or "").strip().splitlines()
            left_out[title] = reason[-1] if reason else f"{error.cmd[0]} failed"
    return ready, left_out


def _environment(folder: Path, requirements: tuple[str, ...]) -> Path:
    """Make an environment unless it is there, and return its Python.

    It sees the packages of Footnote's own environment, so that torch is on the disk once. pip installs what is missing
    or of another version into the new one and leaves Footnote's as it is.
    """
    constraints = _constraints()
    recipe = hashlib.sha256("\n".join([sys.version, *requirements, *constraints]).encode()).hexdigest()
    python, note = folder / "bin" / "python", folder / "recipe"
    if note.exists() and note.read_text("utf-8") == recipe:
        return python
    _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder))
    own = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (own / "footnote-environment.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    (folder / "constraints.txt").write_text("\n".join(constraints) + "\n", "utf-8")
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check")
    _run(*pip, "--constraint", str(folder / "constraints.txt"), *requirements)
    note.write_text(recipe, "utf-8")
    return python


def _constraints() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line.split("==")[0] in _SAME]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
