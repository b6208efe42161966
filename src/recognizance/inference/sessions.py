"""One interface to the runtimes that execute a prepared graph."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recognizance.errors import ModelUnavailableError

FloatArray = NDArray[np.float32]


class Session(Protocol):
    """A loaded model.  May be used by many threads at once, each call on one core."""

    def run(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        """Run the graph.

        Parameters
        ----------
        batch : ndarray of shape (n, channels, height, width), float32

        Returns
        -------
        tuple of ndarray, float32
            The outputs in the order the session was opened with.
        """
        ...


class OnnxRuntimeSession:
    """ONNX Runtime on CPU (or on the providers given), one thread a call."""

    def __init__(
        self,
        path: Path,
        *,
        outputs: tuple[str, ...],
        threads: int,
        providers: tuple[str, ...] = ("CPUExecutionProvider",),
    ) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Concurrency is across photographs: two calls of one thread each beat one call of two threads.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # (the arena stays on: without it large inputs take 1.6 times as long, docs/decisions/0003)
        options.log_severity_level = 3
        onnxruntime.disable_telemetry_events()
        self._session = onnxruntime.InferenceSession(str(path), options, providers=list(providers))
        self._input = self._session.get_inputs()[0].name
        self._outputs = list(outputs)

    def run(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        """Run the graph; see `Session.run`."""
        return tuple(self._session.run(self._outputs, {self._input: batch}))


class OpenVinoSession:
    """OpenVINO on CPU: as many single-threaded streams as photographs are processed at once."""

    def __init__(self, path: Path, *, outputs: tuple[str, ...], threads: int) -> None:
        import threading

        import openvino

        # Read by the runtime itself: only OpenVINO's model converter, which is not used, reports its use.
        core = openvino.Core()
        self._model = core.compile_model(
            core.read_model(str(path)),
            "CPU",
            {
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": threads,
                # Pinned to cores, a call waits for whoever else is on its core, though another is free.
                "ENABLE_CPU_PINNING": False,
                "INFERENCE_PRECISION_HINT": "f32",  # scores must not depend on the machine's bf16 support
            },
        )
        self._outputs = [self._model.output(name) for name in outputs]
        # An infer request is not thread-safe: each thread keeps its own.
        self._local = threading.local()
        # OpenVINO's bindings finish loading on their first call, and two first calls at once can wait for one
        # another for ever (one holds the interpreter's lock, the other the loader's).
        shape = [size.get_length() if size.is_static else 1 for size in self._model.input(0).partial_shape]
        self.run(np.zeros(shape, dtype=np.float32))

    def run(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        """Run the graph; see `Session.run`."""
        request: Any = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self._model.create_infer_request()
        results = request.infer({0: batch}, share_inputs=True)
        return tuple(np.array(results[output]) for output in self._outputs)


class DeferredSession:
    """A session that is opened when it is first used, by whichever thread comes first."""

    def __init__(self, opening: Callable[[], Session]) -> None:
        self._opening = opening
        self._lock = Lock()
        self._session: Session | None = None

    def run(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        """Run the graph; see `Session.run`.

        Raises
        ------
        ModelUnavailableError
            If it cannot be opened.
        """
        with self._lock:
            if self._session is None:
                self._session = self._opening()
        return self._session.run(batch)


RUNTIMES: dict[str, Callable[..., Session]] = {
    "onnxruntime": OnnxRuntimeSession,
    "openvino": OpenVinoSession,
}
"""By the name that the manifest uses.  A GPU provider becomes another row here."""


def open_session(runtime: str, path: Path, *, outputs: tuple[str, ...], threads: int) -> Session:
    """Load a prepared graph with the runtime that the manifest names.

    Raises
    ------
    ModelUnavailableError
        If the runtime is unknown or refuses the graph.
    """
    if runtime not in RUNTIMES:
        raise ModelUnavailableError(
            f"The manifest names the runtime {runtime!r}.", f"Use one of {', '.join(sorted(RUNTIMES))}."
        )
    try:
        return RUNTIMES[runtime](path, outputs=outputs, threads=threads)
    except (RuntimeError, ValueError, ImportError) as error:
        others = ", ".join(sorted(set(RUNTIMES) - {runtime}))
        raise ModelUnavailableError(
            f"{runtime} cannot load {path.name}: {error}",
            f"If the model is your own, try another runtime in its manifest entry: {others}.",
        ) from error
