"""Each model on each runtime, one thread: milliseconds, and how far the outputs differ.

    python benchmarks/runtimes.py [--repeats 25] [--json FILE]

The runtimes take turns call by call, so that a busy machine slows both alike.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import samples
from recognizance.bootstrap import open_calibration
from recognizance.detection.yunet import OUTPUTS
from recognizance.imaging.alignment import align
from recognizance.inference.manifest import find_entry, read_manifest
from recognizance.inference.preparation import prepared_file
from recognizance.inference.sessions import RUNTIMES, open_session
from recognizance.inference.weights import read_weights
from recognizance.settings import read_settings

DETECTION_SIZES = ((256, 256), (640, 640), (544, 960))
"""Height and width, px."""

BATCHES = (1, 4, 16)

FloatArray = NDArray[np.float32]


def real_inputs() -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Make inputs from photographs of the London set: for YuNet and for SFace."""
    one = samples.engine()
    listed = samples.london(("front",), ("neutral",))[: max(BATCHES)]
    images = [samples.read(one, item.path) for item in listed]
    scenes = {}
    for height, width in DETECTION_SIZES:
        whole = np.tile(images[0].pixels, (3, 3, 1))[:height, :width]
        scenes[f"{width}×{height}"] = np.ascontiguousarray(
            whole[None, :, :, ::-1].transpose(0, 3, 1, 2), dtype=np.float32
        )
    crops = np.stack([align(image.pixels, one.faces(image)[0].landmarks.points_px) for image in images])
    batch = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), dtype=np.float32)
    return scenes, {f"batch {size}": batch[:size].copy() for size in BATCHES}


def measure(name: str, inputs: dict[str, FloatArray], repeats: int) -> dict[str, Any]:
    """Time one model on all runtimes, by input."""
    detector = name == "yunet"
    settings = read_settings(home=samples.HOME)
    entry = find_entry(read_manifest(None), name, "detection" if detector else "embedding")
    path = prepared_file(
        read_weights(entry, settings.models),
        digest=entry.sha256,
        cache=settings.cache_folder,
        input_name=entry.input.name,
        free_axes={2: "height", 3: "width"} if detector else {0: "faces"},
    )
    outputs = OUTPUTS if detector else (entry.input.output,)
    sessions = {runtime: open_session(runtime, path, outputs=outputs, threads=1) for runtime in sorted(RUNTIMES)}
    result: dict[str, Any] = {}
    for label, batch in inputs.items():
        seconds: dict[str, list[float]] = {runtime: [] for runtime in sessions}
        given = {runtime: session.run(batch) for runtime, session in sessions.items()}
        for _ in range(repeats):
            for runtime, session in sessions.items():
                start = time.perf_counter()
                session.run(batch)
                seconds[runtime].append(time.perf_counter() - start)
        reference, *others = given.values()
        result[label] = {
            "ms": {runtime: statistics.median(values) * 1e3 for runtime, values in seconds.items()},
            "ms_best": {runtime: min(values) * 1e3 for runtime, values in seconds.items()},
            "largest_difference": max(
                float(np.abs(first - second).max())
                for other in others
                for first, second in zip(reference, other, strict=True)
            ),
            **({} if detector else {"lowest_cosine": _lowest_cosine(reference[0], [other[0] for other in others])}),
        }
    return result


def arena(inputs: dict[str, FloatArray], repeats: int) -> dict[str, dict[str, float]]:
    """Time YuNet on ONNX Runtime with and without its memory arena."""
    import onnxruntime

    settings = read_settings(home=samples.HOME)
    entry = find_entry(read_manifest(None), "yunet", "detection")
    path = prepared_file(
        read_weights(entry, settings.models),
        digest=entry.sha256,
        cache=settings.cache_folder,
        input_name=entry.input.name,
        free_axes={2: "height", 3: "width"},
    )
    sessions = {}
    for kind, wanted in (("with arena", True), ("without", False)):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = wanted
        sessions[kind] = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    result: dict[str, dict[str, float]] = {}
    for label, batch in inputs.items():
        seconds: dict[str, list[float]] = {kind: [] for kind in sessions}
        for _ in range(repeats):
            for kind, session in sessions.items():
                start = time.perf_counter()
                session.run(list(OUTPUTS), {entry.input.name: batch})
                seconds[kind].append(time.perf_counter() - start)
        result[label] = {kind: statistics.median(values) * 1e3 for kind, values in seconds.items()}
    return result


def _lowest_cosine(reference: FloatArray, others: list[FloatArray]) -> float:
    """Compare the templates that two runtimes make of the same crop."""
    first = reference.astype(np.float64)
    lowest = 1.0
    for other in others:
        second = other.astype(np.float64)
        cosines = (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
        lowest = min(lowest, float(cosines.min()))
    return lowest


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    scenes, crops = real_inputs()
    machine, versions = samples.machine(), samples.versions("onnxruntime", "openvino")
    print(f"{machine}; {versions}; {options.repeats} repeats, median (best), one thread\n")
    models = {"yunet": measure("yunet", scenes, options.repeats), "sface": measure("sface", crops, options.repeats)}
    names = sorted(RUNTIMES)
    rows = []
    for model, inputs in models.items():
        for label, cell in inputs.items():
            times = [f"{cell['ms'][name]:.1f} ({cell['ms_best'][name]:.1f})" for name in names]
            cosine = f"1 − {1 - cell['lowest_cosine']:.1e}" if "lowest_cosine" in cell else "–"
            rows.append((model, label, *times, f"{cell['largest_difference']:.1e}", cosine))
    samples.table(
        ("model", "input", *(f"{name}, ms" for name in names), "largest output difference", "lowest cosine"), rows
    )
    kept = arena(scenes, options.repeats)
    samples.table(
        ("yunet on onnxruntime, ms", "with arena", "without"),
        [(label, f"{cell['with arena']:.1f}", f"{cell['without']:.1f}") for label, cell in kept.items()],
    )
    calibration = open_calibration(read_settings(home=samples.HOME))
    print(f"(for scale: FMR 1e-5 is at cosine {calibration.overall.score_at(1e-5):.3f}, model {calibration.model})")
    samples.write_json(options.json, {"machine": machine, "versions": versions, "models": models, "arena_ms": kept})


if __name__ == "__main__":
    main()
