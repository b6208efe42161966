"""The server under load against the bare engine, on the same photographs, in interleaved rounds.

    python benchmarks/server.py [--clients 8] [--rounds 5] [--seconds 8] [--requests 10000] [--json FILE]

Bars: at least 85 % of the bare engine's throughput with 8 clients on two cores, p99 within 3 × the median, memory
flat and below 700 MB after 10,000 requests.  Clients are one asyncio process over raw sockets with requests signed
beforehand, so that they take next to nothing of the cores that are measured.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from pipeline import make_photographs
from recognizance.bootstrap import administrator_key, open_calibration, open_engine
from recognizance.gallery import ExhaustiveGallery
from recognizance.settings import Settings, read_settings
from recognizance.workflows.engine import require_face

REFERENCES = 1000
SERVE = """
from recognizance.server import serving
from recognizance.settings import read_settings

with serving(read_settings()) as server:
    server.run()
"""


def signed(settings: Settings, host: str, operation: str, body: dict[str, object]) -> bytes:
    """Sign a request as botocore does and spell it for the socket."""
    pair = administrator_key(settings)
    data = json.dumps(body).encode()
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"RekognitionService.{operation}",
        "Host": host,
    }
    request = AWSRequest("POST", f"http://{host}/", data=data, headers=headers)
    SigV4Auth(Credentials(pair.access_key_id, pair.secret), "rekognition", "us-east-1").add_auth(request)
    lines = [f"{name}: {value}" for name, value in request.headers.items()] + [f"Content-Length: {len(data)}"]
    return ("POST / HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + data


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> dict[str, object]:
    """Send one request and read its answer."""
    writer.write(request)
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    body = await reader.readexactly(length)
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(f"{head!r} {body[:500]!r}")
    return dict(json.loads(body)) if body else {}


async def load(
    port: int, requests: list[bytes], clients: int, *, seconds: float | None = None, count: int | None = None
) -> tuple[float, list[float]]:
    """Let clients send requests one after the other; return answers a second and each answer's latency."""
    latencies: list[float] = []
    started = time.perf_counter()
    sent = 0

    async def client(number: int) -> None:
        nonlocal sent
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = number
        while (seconds is None or time.perf_counter() - started < seconds) and (count is None or sent < count):
            sent += 1
            before = time.perf_counter()
            await exchange(reader, writer, requests[turn % len(requests)])
            latencies.append(time.perf_counter() - before)
            turn += clients
        writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return len(latencies) / (time.perf_counter() - started), latencies


def resident_mb(pid: int) -> float:
    """Read a process's resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def bare(settings: Settings, photographs: list[bytes], seconds: float) -> float:
    """Decode, detect, embed, search and score in a process of its own, without server; photographs a second."""
    program = "import sys; sys.path.insert(0, sys.argv[1]); import server; server.bare_here(*sys.argv[2:])"
    folder = Path(tempfile.mkdtemp())
    for number, data in enumerate(photographs):
        (folder / f"{number}.jpg").write_bytes(data)
    command = [sys.executable, "-c", program, str(Path(__file__).parent), str(settings.home), str(folder), str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def bare_here(home: str, folder: str, seconds: str) -> None:
    """Do what `bare` says in this process and print the rate."""
    settings = read_settings(home=Path(home))
    engine, calibration = open_engine(settings), open_calibration(settings)
    photographs = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
    gallery = ExhaustiveGallery(engine.model, engine.dimension)
    vectors = np.random.default_rng(0).standard_normal((REFERENCES, engine.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    gallery.add([str(row) for row in range(REFERENCES)], vectors, engine.model)
    threshold = calibration.score_at_percent(80)

    def work(thread: int) -> int:
        turn, done = thread, 0
        while time.perf_counter() < stop:
            image, faces = engine.look(photographs[turn % len(photographs)], 10**7)
            face, _ = require_face(faces)
            (template,) = engine.templates(image, [face])
            for item in gallery.search(template, limit=100, threshold=threshold):
                calibration.percent(item.score)
            turn, done = turn + 1, done + 1
        return done

    threads = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(threads) as pool:
        stop = time.perf_counter() + 1
        list(pool.map(work, range(threads)))  # warm
        started = time.perf_counter()
        stop = started + float(seconds)
        done = sum(pool.map(work, range(threads)))
        print(done / (time.perf_counter() - started))


async def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """Run the rounds."""
    photographs = make_photographs(200)
    home = Path(tempfile.mkdtemp(prefix="recognizance-bench-")) / "home"
    settings = read_settings(home=home, port=0)
    environment = {**os.environ, "RECOGNIZANCE_HOME": str(home), "RECOGNIZANCE_PORT": "0"}
    server = subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stdout=subprocess.DEVNULL)
    try:
        state = home / "server.json"
        while not state.exists():
            if server.poll() is not None:
                raise RuntimeError("the server did not start")
            await asyncio.sleep(0.1)
        port = int(json.loads(state.read_text())["port"])
        host = f"127.0.0.1:{port}"
        while True:  # announced once it listens; it answers a moment later
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0.1)
        await exchange(reader, writer, signed(settings, host, "CreateCollection", {"CollectionId": "bench"}))
        encoded = [base64.b64encode(data).decode() for data in photographs]
        for number in range(REFERENCES // len(photographs)):
            index = [
                signed(
                    settings,
                    host,
                    "IndexFaces",
                    {"CollectionId": "bench", "Image": {"Bytes": text}, "ExternalImageId": f"{number}-{row}"},
                )
                for row, text in enumerate(encoded)
            ]
            await load(port, index, 4, count=len(index))

        def searches() -> list[bytes]:
            return [
                signed(
                    settings,
                    host,
                    "SearchFacesByImage",
                    {"CollectionId": "bench", "Image": {"Bytes": text}, "MaxFaces": 100},
                )
                for text in encoded
            ]

        ratios, latencies, rates = [], [], []
        for _ in range(arguments.rounds):
            engine_rate = bare(settings, photographs, arguments.seconds)
            server_rate, took = await load(port, searches(), arguments.clients, seconds=arguments.seconds)
            ratios.append(server_rate / engine_rate)
            rates.append((engine_rate, server_rate))
            latencies.extend(took)
            print(
                f"engine {engine_rate:.1f}/s, server {server_rate:.1f}/s, ratio {server_rate / engine_rate:.3f}",
                flush=True,
            )
        memory = [resident_mb(server.pid)]
        left = arguments.requests
        while left > 0:
            await load(port, searches(), arguments.clients, count=min(1000, left))
            left -= 1000
            memory.append(resident_mb(server.pid))
        milliseconds = np.array(latencies) * 1000
        return {
            "clients": arguments.clients,
            "engine_per_second": statistics.median(rate for rate, _ in rates),
            "server_per_second": statistics.median(rate for _, rate in rates),
            "ratio": statistics.median(ratios),
            "latency_median_ms": float(np.median(milliseconds)),
            "latency_p99_ms": float(np.percentile(milliseconds, 99)),
            "p99_over_median": float(np.percentile(milliseconds, 99) / np.median(milliseconds)),
            "resident_mb_each_1000_requests": [round(value, 1) for value in memory],
        }
    finally:
        server.terminate()
        server.wait(60)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments))
    for name, value in result.items():
        print(f"{name}: {value:.3f}" if isinstance(value, float) else f"{name}: {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
