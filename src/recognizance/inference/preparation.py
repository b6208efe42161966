"""Turn a published graph into one that every runtime runs fast, once, into a cache.

OpenCV Zoo's block-quantised graphs keep int8 weights behind ``DequantizeLinear(block_size)`` and ``Reshape``
nodes, and list their parameters as graph inputs.  As they come, ONNX Runtime refuses YuNet and runs SFace 1.5
times slower.  Prepared, the graph holds plain float32 weights, its only input is the picture, and its batch
(and, for detectors, its picture size) is free.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recognizance.errors import ModelUnavailableError

if TYPE_CHECKING:
    import onnx

PREPARATION = 1
"""Raised whenever `prepare_graph` changes what it makes, so that older cache files are not used."""


def prepare_graph(source: bytes, *, input_name: str, free_axes: dict[int, str]) -> bytes:
    """Dequantise the weights, drop parameter inputs and free some axes of the picture input.

    Parameters
    ----------
    source : bytes
        A serialised ONNX model.
    input_name : str
        The graph input that takes pictures.
    free_axes : dict of int to str
        Axes of that input to make free, by position, and the names they get.

    Raises
    ------
    ModelUnavailableError
        If the graph has no such input or is no ONNX graph.
    """
    # Only here: a start that finds its models prepared needs none of it.
    import onnx
    from onnx import numpy_helper

    try:
        model = onnx.load_from_string(source)
    except Exception as error:
        raise ModelUnavailableError("The model file is not an ONNX graph.") from error
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        folded = _fold(node, constants)
        if folded is None:
            kept.append(node)
        else:
            constants[node.output[0]] = folded
    used = {name for node in kept for name in node.input}
    del graph.node[:]
    graph.node.extend(kept)
    del graph.initializer[:]
    graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items() if name in used
    )
    picture = next((value for value in graph.input if value.name == input_name), None)
    if picture is None:
        raise ModelUnavailableError(f"The model has no input named {input_name!r}.")
    dims = picture.type.tensor_type.shape.dim
    for axis, name in free_axes.items():
        dims[axis].dim_param = name
    del graph.input[:]
    graph.input.append(picture)
    del graph.value_info[:]
    for output in graph.output:
        shape = output.type.tensor_type.shape.dim
        for axis, dim in enumerate(shape):
            if axis in free_axes:
                dim.dim_param = f"{output.name}_{axis}"
    prepared: bytes = model.SerializeToString(deterministic=True)
    return prepared


def _fold(node: "onnx.NodeProto", constants: dict[str, NDArray[np.generic]]) -> NDArray[np.generic] | None:
    """Compute a node whose inputs are all known and that only unpacks weights; None for any other."""
    if not node.input or any(name not in constants for name in node.input):
        return None
    from onnx.helper import get_attribute_value

    attributes = {item.name: get_attribute_value(item) for item in node.attribute}
    operands = [constants[name] for name in node.input]
    if node.op_type == "Reshape":
        return operands[0].reshape(tuple(int(size) for size in operands[1]))
    if node.op_type == "DequantizeLinear":
        return _dequantise(
            operands[0],
            operands[1],
            operands[2] if len(operands) == 3 else None,
            axis=int(attributes.get("axis", 1)),
            block_size=int(attributes.get("block_size", 0)),
        )
    return None


def _dequantise(
    quantised: NDArray[np.generic],
    scale: NDArray[np.generic],
    zero_point: NDArray[np.generic] | None,
    *,
    axis: int,
    block_size: int,
) -> NDArray[np.float32]:
    """Apply ONNX DequantizeLinear (opset 21): per tensor, per axis or per block along `axis`."""
    zero = np.zeros_like(scale) if zero_point is None else zero_point.astype(np.float32)
    factor = scale.astype(np.float32)
    if block_size:
        size = quantised.shape[axis]
        factor = np.repeat(factor, block_size, axis=axis).take(range(size), axis=axis)
        zero = np.repeat(zero, block_size, axis=axis).take(range(size), axis=axis)
    elif factor.ndim == 1 and factor.size > 1:
        shape = [1] * quantised.ndim
        shape[axis] = -1
        factor, zero = factor.reshape(shape), zero.reshape(shape)
    result: NDArray[np.float32] = (quantised.astype(np.float32) - zero) * factor
    return result


def prepared_file(source: bytes, *, digest: str, cache: Path, input_name: str, free_axes: dict[int, str]) -> Path:
    """Return the prepared graph's file, making it on first use.

    The cache holds the graph and, beside it, the graph's SHA-256: a truncated or damaged cache file is made
    anew.  (Whoever can write to the cache can replace both; it belongs to the server's account alone.)
    Two processes may prepare at once; the later rename wins with the same bytes.
    """
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = cache / f"{digest[:16]}-prepared-{PREPARATION}.onnx"
    seal = path.with_suffix(".sha256")
    if path.exists() and seal.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == seal.read_text().strip():
        return path
    prepared = prepare_graph(source, input_name=input_name, free_axes=free_axes)
    _write_whole(path, prepared)
    _write_whole(seal, hashlib.sha256(prepared).hexdigest().encode())
    return path


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or none."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise ModelUnavailableError(
            f"The prepared model cannot be written to {path.parent}: {error.strerror}.",
            "Free some space or point RECOGNIZANCE_CACHE at another folder.",
        ) from error
