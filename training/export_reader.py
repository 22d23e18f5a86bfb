"""Write the ONNX graph of the reader with its weights in 8 bits.

    python -m training.export_reader

Only matrices are rounded; their inputs are rounded as they come, by ONNX Runtime's dynamic quantisation. The word
vectors are those of the packaged model: the graph names their place in its `model.safetensors` and does not hold them.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

from chatbot.answering.reader import GRAPH, MAX_TOKENS
from chatbot.indexing.model_files import PACKAGED_MODEL, fingerprint_of, model_folder
from chatbot.indexing.onnx_encoder import TOKENS
from training.corpora import reader_folders
from training.export_encoder import bert_nodes, tensor_places

__all__ = ["WEIGHTS", "graph_of", "write_graph"]

WEIGHTS: Final = Path("build", "reader.safetensors")
"""Where `training/fit_reader.py` leaves the weights before they are rounded."""

_OPSET: Final = 17
_CONTRIB: Final = "com.microsoft"  # ONNX Runtime's own operators
_WORDS: Final = "embeddings.word_embeddings.weight"
_POSITIONS: Final = "embeddings.position_embeddings.weight"

Weights = Mapping[str, NDArray[np.float32]]


def main() -> None:
    """Write the graph into the package."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    write_graph(parser.parse_args().weights)


def write_graph(file: Path) -> None:
    """Write the graph with the weights of a file, and beside it what it was fitted with, into the package."""
    weights = {name.removeprefix("bert."): array for name, array in load_file(file).items()}
    GRAPH.write_bytes(graph_of(weights))
    encoder = {"name": PACKAGED_MODEL, "fingerprint": fingerprint_of(PACKAGED_MODEL, model_folder(PACKAGED_MODEL))}
    sites = [folder.name for folder in reader_folders()]
    values = {"fitted": datetime.now(tz=UTC).date().isoformat(), "encoder": encoder, "sites": sites}
    GRAPH.with_suffix(".json").write_text(json.dumps(values, indent=2) + "\n", "utf-8")
    print(f"Wrote {GRAPH} ({GRAPH.stat().st_size / 1e6:.1f} MB).")


def graph_of(weights: Weights) -> bytes:
    """Return the graph of the reader with the weights of `training/fit_reader.py`; equal ones give equal bytes."""
    layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
    heads = 12  # all-MiniLM-L6-v2
    folded = dict(weights) | {_POSITIONS: weights[_POSITIONS][:MAX_TOKENS]}
    nodes = [*_folded(bert_nodes(layers, heads, 1e-12), folded), *_head_nodes(folded)]
    used = {name for node in nodes for name in node.input}
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT32, [1, "tokens"]) for name in ("ids", "segments", "mask")
    ]
    words = helper.make_tensor_value_info(_WORDS, TensorProto.FLOAT, list(weights[_WORDS].shape))
    graph = helper.make_graph(
        nodes,
        "reader",
        [*inputs, words],  # the word vectors become a reference after the rounding, which would copy them
        [helper.make_tensor_value_info("logit", TensorProto.FLOAT, [1, 1])],
        [
            numpy_helper.from_array(np.array(folded[name], order="C"), name)
            for name in sorted(used & folded.keys() - {_WORDS})
        ],
    )
    return _with_word_vectors(_rounded(_model(graph)))


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="footnote")


def _folded(nodes: Iterator[onnx.NodeProto], weights: dict[str, NDArray[np.float32]]) -> Iterator[onnx.NodeProto]:
    """Yield the nodes that depend on a text; those on weights alone are computed and added to the weights."""
    for node in nodes:
        if node.op_type == "Transpose":
            weights[node.output[0]] = weights[node.input[0]].T
        elif node.op_type == "Concat":
            weights[node.output[0]] = np.concatenate([weights[name] for name in node.input], axis=node.attribute[0].i)
        else:
            yield node


def _head_nodes(weights: dict[str, NDArray[Any]]) -> Iterator[onnx.NodeProto]:
    """Yield the linear layer over the first token and the mean of all; one pair at a time, so nothing is padded."""
    weights["first"] = np.array(0, dtype=np.int64)
    weights["head.matrix"] = weights["head.weight"].T
    yield helper.make_node("Gather", [TOKENS, "first"], ["first_token"], axis=1)
    yield helper.make_node("ReduceMean", [TOKENS], ["mean_token"], axes=[1], keepdims=0)
    yield helper.make_node("Concat", ["first_token", "mean_token"], ["pooled"], axis=1)
    yield helper.make_node("MatMul", ["pooled", "head.matrix"], ["product"], name="head")
    yield helper.make_node("Add", ["product", "head.bias"], ["logit"])


def _rounded(model: onnx.ModelProto) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        whole, rounded = Path(folder, "whole.onnx"), Path(folder, "rounded.onnx")
        onnx.save(model, whole)
        quantize_dynamic(
            whole,
            rounded,
            op_types_to_quantize=["MatMul", "Attention"],
            weight_type=QuantType.QInt8,
            nodes_to_exclude=["head"],
            extra_options={"MatMulConstBOnly": True, "DefaultTensorType": TensorProto.FLOAT},
        )
        return onnx.load(rounded)


def _with_word_vectors(model: onnx.ModelProto) -> bytes:
    """Return a model whose word vectors are a place in the packaged model's own file."""
    inputs = [given for given in model.graph.input if given.name != _WORDS]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    folder = model_folder(PACKAGED_MODEL)
    (words,) = (tensor for tensor in tensor_places(folder / "model.safetensors") if tensor.name == _WORDS)
    model.graph.initializer.append(words)
    return bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
