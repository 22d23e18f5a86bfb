"""Write the ONNX graph of the classifier's layers, whose weights stay in `classifier.npz`.

    python -m training.export_classifier

The graph names its weights and holds none: `EmergencyClassifier.fitted` passes them when it loads the graph, so that a
new fit changes `classifier.npz` alone. Tokens of all texts stand in one row, and `mask` says which belong together.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import onnx
from onnx import TensorProto, helper

from chatbot.triage import EmergencyClassifier
from chatbot.triage.classifier import GRAPH, MASK, STATES, onnx_weights

_OPSET: Final = 17
_CONTRIB: Final = "com.microsoft"  # ONNX Runtime's own operators
_EPSILON: Final = 1e-12  # of BERT's layer normalisation

__all__ = ["graph_of"]


def main() -> None:
    """Write the graph into the package."""
    fitted = EmergencyClassifier.fitted(on_onnxruntime=False)
    shapes = {name: array.shape for name, array in onnx_weights(fitted.layers).items()}
    GRAPH.write_bytes(graph_of(shapes, len(fitted.layers), fitted.heads))
    print(f"Wrote {GRAPH} ({GRAPH.stat().st_size} bytes).")


def graph_of(shapes: Mapping[str, Sequence[int]], layers: int, heads: int) -> bytes:
    """Return the graph of layers whose weights have these names and shapes; equal arguments give equal bytes."""
    width = shapes["0.join"][0]
    states = helper.make_tensor_value_info(STATES, TensorProto.FLOAT, [1, "tokens", width])
    mask = helper.make_tensor_value_info(MASK, TensorProto.INT32, [1, "tokens", "tokens"])
    last = helper.make_tensor_value_info(f"{layers - 1}.{STATES}", TensorProto.FLOAT, [1, "tokens", width])
    nodes = [node for number in range(layers) for node in _nodes(number, heads)]
    graph = helper.make_graph(nodes, "classifier", [states, mask], [last], list(_weights(shapes)))
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)], ir_version=8
    )
    model.producer_name = "footnote"
    return bytes(model.SerializeToString(deterministic=True))


def _nodes(number: int, heads: int) -> Iterator[onnx.NodeProto]:
    """Yield the operators of a layer: attention, then the two linear maps, as in `EmergencyClassifier`."""
    name, before = f"{number}.", f"{number - 1}.{STATES}" if number else STATES
    yield helper.make_node(
        "Attention",
        [before, f"{name}attend", f"{name}attend_bias", MASK],
        [f"{name}attended"],
        domain=_CONTRIB,
        num_heads=heads,
    )
    yield from _map_and_normalise(name, "join", f"{name}attended", before, f"{name}middle")
    yield helper.make_node("MatMul", [f"{name}middle", f"{name}widen"], [f"{name}wide"])
    yield helper.make_node("BiasGelu", [f"{name}wide", f"{name}widen_bias"], [f"{name}active"], domain=_CONTRIB)
    yield from _map_and_normalise(name, "narrow", f"{name}active", f"{name}middle", f"{name}{STATES}")


def _map_and_normalise(name: str, weight: str, source: str, skip: str, target: str) -> Iterator[onnx.NodeProto]:
    """Yield a linear map, the residual sum and its normalisation; ONNX Runtime's one operator for both is slower."""
    yield helper.make_node("MatMul", [source, f"{name}{weight}"], [f"{target}.mapped"])
    yield helper.make_node("Add", [f"{target}.mapped", f"{name}{weight}_bias"], [f"{target}.biased"])
    yield helper.make_node("Add", [f"{target}.biased", skip], [f"{target}.sum"])
    norm = [f"{name}{weight}_gain", f"{name}{weight}_shift"]
    yield helper.make_node("LayerNormalization", [f"{target}.sum", *norm], [target], axis=-1, epsilon=_EPSILON)


def _weights(shapes: Mapping[str, Sequence[int]]) -> Iterator[TensorProto]:
    """Yield the weights as tensors that lie elsewhere."""
    for name, shape in shapes.items():
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="passed")
        yield tensor


if __name__ == "__main__":
    main()
