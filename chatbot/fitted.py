"""Weights that a script of `training/` fitted and that lie beside the module that reads them."""

import json
from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fitted_arrays", "fitted_fingerprint", "fitted_values"]


def fitted_values(package: str, name: str) -> dict[str, Any]:
    """Return what `name`.json of a package says: weights, thresholds, and on what data they were fitted."""
    values: dict[str, Any] = json.loads(files(package).joinpath(f"{name}.json").read_text("utf-8"))
    return values


def fitted_fingerprint(package: str, name: str) -> str:
    """Return the fingerprint of the encoder that `name` of a package was fitted for; no array is loaded."""
    return str(fitted_values(package, name)["encoder"]["fingerprint"])


def fitted_arrays(package: str, name: str) -> Mapping[str, NDArray[Any]]:
    """Return the arrays of `name`.npz of a package, by name."""
    with as_file(files(package).joinpath(f"{name}.npz")) as path, np.load(path, allow_pickle=False) as file:
        return dict(file)
