"""Write the ONNX graph of the packaged model, whose weights stay in the model's own `model.safetensors`.

    python -m training.export_encoder

The graph names each tensor of the weights file by its place there, so that nothing is copied. Its operators are mostly
those that ONNX Runtime's optimizer would fuse BERT into. Beside it lie reference vectors of sentence-transformers:
the encoder compares itself with them when it is loaded.
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from chatbot.indexing.model_files import PACKAGED_MODEL, model_folder
from chatbot.indexing.onnx_encoder import GRAPH, MIDDLE, REFERENCE, TOKENS
from chatbot.indexing.sentence_encoder import SentenceEncoder

_OPSET: Final = 17
_CONTRIB: Final = "com.microsoft"  # ONNX Runtime's own operators
_REFERENCE_TEXTS: Final = (
    "How long will my face be red?",
    "Can I have it while I am pregnant, or breast-feeding a baby of 3 months?",
    """Aftercare
Keep the skin clean and out of the sun for 48 hours. Use a mild cleanser, no make-up on the first day, and a sun cream
of factor 50 from the second day on. Call us if the redness grows after the third day.""",
)
"""A short question, a longer one, and a passage; none is a question that measures."""

__all__ = ["bert_nodes", "graph_of", "tensor_places"]


def main() -> None:
    """Write the graph and the reference vectors into the package."""
    folder = model_folder(PACKAGED_MODEL)
    GRAPH.write_bytes(graph_of(folder))
    vectors = np.stack([encoded.vector for encoded in SentenceEncoder().encode_questions(_REFERENCE_TEXTS)])
    REFERENCE.write_text(
        json.dumps({"texts": _REFERENCE_TEXTS, "vectors": np.round(vectors.astype(float), 6).tolist()}) + "\n", "utf-8"
    )
    print(f"Wrote {GRAPH} ({GRAPH.stat().st_size} bytes) and {REFERENCE}.")


def graph_of(folder: Path) -> bytes:
    """Return the graph of the BERT model in a folder; equal models give equal bytes."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    hidden = config["hidden_size"]
    nodes = [
        helper.make_node("Sub", ["ids", "ids"], ["segments"]),  # every token belongs to the first text
        *bert_nodes(config["num_hidden_layers"], config["num_attention_heads"], config["layer_norm_eps"]),
    ]
    used = {name for node in nodes for name in node.input}
    shape = ["texts", "tokens"]
    graph = helper.make_graph(
        nodes,
        PACKAGED_MODEL,
        [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in ("ids", "mask")],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", "tokens", hidden])
            for name in (TOKENS, MIDDLE)
        ],
        [tensor for tensor in tensor_places(folder / "model.safetensors") if tensor.name in used],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)], ir_version=8
    )
    model.producer_name = "footnote"
    return bytes(model.SerializeToString(deterministic=True))


def bert_nodes(layers: int, heads: int, epsilon: float) -> Iterator[onnx.NodeProto]:
    """Yield BERT's operators over `ids`, `segments` and `mask`: the embeddings, then each layer's two parts.

    The weights keep PyTorch's names and shapes.
    """
    embeddings = [f"embeddings.{name}_embeddings.weight" for name in ("word", "position", "token_type")]
    scale = ["embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"]
    yield helper.make_node(
        "EmbedLayerNormalization",
        ["ids", "segments", *embeddings, *scale],
        ["state", "embedded_mask"],
        domain=_CONTRIB,
        epsilon=epsilon,
    )
    state = "state"
    for number in range(layers):
        layer, name = f"encoder.layer.{number}", f"layer{number}"
        for part in ("query", "key", "value"):
            weight = f"{layer}.attention.self.{part}.weight"
            yield helper.make_node("Transpose", [weight], [f"{name}.{part}"], perm=[1, 0])
        packed = [f"{name}.{part}" for part in ("query", "key", "value")]
        biases = [f"{layer}.attention.self.{part}.bias" for part in ("query", "key", "value")]
        yield helper.make_node("Concat", packed, [f"{name}.qkv"], axis=1)
        yield helper.make_node("Concat", biases, [f"{name}.qkv_bias"], axis=0)
        yield helper.make_node(
            "Attention",
            [state, f"{name}.qkv", f"{name}.qkv_bias", "mask"],
            [f"{name}.context"],
            domain=_CONTRIB,
            num_heads=heads,
        )
        yield from _linear(f"{layer}.attention.output.dense", f"{name}.context", f"{name}.attended")
        yield from _add_and_normalise(f"{layer}.attention.output", f"{name}.attended", state, f"{name}.middle", epsilon)
        yield from _linear(f"{layer}.intermediate.dense", f"{name}.middle", f"{name}.wide")
        yield helper.make_node(
            "BiasGelu", [f"{name}.wide", f"{layer}.intermediate.dense.bias"], [f"{name}.active"], domain=_CONTRIB
        )
        yield from _linear(f"{layer}.output.dense", f"{name}.active", f"{name}.narrow")
        state = {layers // 2 - 1: MIDDLE, layers - 1: TOKENS}.get(number, f"{name}.state")
        yield from _add_and_normalise(f"{layer}.output", f"{name}.narrow", f"{name}.middle", state, epsilon)


def _linear(layer: str, source: str, target: str) -> Iterator[onnx.NodeProto]:
    """Yield a product with the weights of a layer, which PyTorch stores transposed."""
    yield helper.make_node("Transpose", [f"{layer}.weight"], [f"{target}.weight"], perm=[1, 0])
    yield helper.make_node("MatMul", [source, f"{target}.weight"], [target])


def _add_and_normalise(layer: str, source: str, skip: str, target: str, epsilon: float) -> Iterator[onnx.NodeProto]:
    """Yield a residual sum and its normalisation, which together cost half of ONNX Runtime's one operator for both."""
    yield helper.make_node("Add", [source, f"{layer}.dense.bias"], [f"{target}.biased"])
    yield helper.make_node("Add", [f"{target}.biased", skip], [f"{target}.sum"])
    weights = [f"{layer}.LayerNorm.weight", f"{layer}.LayerNorm.bias"]
    yield helper.make_node("LayerNormalization", [f"{target}.sum", *weights], [target], axis=-1, epsilon=epsilon)


def tensor_places(weights: Path) -> Iterator[TensorProto]:
    """Yield the tensors of a safetensors file by their place in it; its header is JSON after its length in 8 bytes."""
    with weights.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    for name, fields in sorted(header.items()):
        if name == "__metadata__" or fields["dtype"] != "F32":
            continue
        start, end = fields["data_offsets"]
        tensor = TensorProto(
            name=name, data_type=TensorProto.FLOAT, dims=fields["shape"], data_location=TensorProto.EXTERNAL
        )
        for key, value in (("location", weights.name), ("offset", 8 + length + start), ("length", end - start)):
            tensor.external_data.add(key=key, value=str(value))
        yield tensor


if __name__ == "__main__":
    main()
