"""Measure a gallery in a Milvus server: filling, searching, and what stays the same as in the scan of this server.

``python benchmarks/milvus.py milvus://127.0.0.1:19530 --references 100000``: templates of random directions, in a
collection of their own, which is dropped in the end.
"""

import argparse
import json
import secrets
import statistics
import time

import numpy as np

from recognizance.biometrics import Template
from recognizance.gallery import MilvusAddress, MilvusEngine, MilvusGallery, ScanGallery

MODEL = "random directions"
DIMENSION = 128
BATCH = 10_000


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--references", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=50)
    options = parser.parse_args()
    rng = np.random.default_rng(4)
    vectors = rng.standard_normal((options.references, DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(options.references)]
    scan = ScanGallery(MODEL, DIMENSION)
    scan.add(names, vectors, MODEL)
    with MilvusEngine(MilvusAddress(options.url, timeout_s=600), f"bench{secrets.token_hex(4)}") as engine:
        collection = engine.collection(1, MODEL)
        engine.prepare(collection, DIMENSION)
        try:
            gallery = MilvusGallery(engine, collection, MODEL, DIMENSION)
            began = time.perf_counter()
            for start in range(0, options.references, BATCH):
                gallery.add(names[start : start + BATCH], vectors[start : start + BATCH], MODEL)
            filled = time.perf_counter() - began
            found: dict[str, object] = {
                "references": options.references,
                "adds_per_s": round(options.references / filled),
                "growing": measure(gallery, scan, vectors, options.searches),
            }
            began = time.perf_counter()
            gallery.forget()
            found["flush_and_compact_s"] = round(time.perf_counter() - began, 1)
            found["sealed"] = measure(gallery, scan, vectors, options.searches)
        finally:
            engine.drop(collection)
    print(json.dumps(found, indent=1))


def measure(gallery: MilvusGallery, scan: ScanGallery, vectors: np.ndarray, searches: int) -> dict[str, float]:
    """Time searches for somebody who is there, and compare each answer with the scan's."""
    rng = np.random.default_rng(5)
    times = []
    for row in rng.integers(len(vectors), size=searches):
        noise = rng.standard_normal(DIMENSION).astype(np.float32) * np.float32(0.05)
        probe = vectors[row] + noise
        template = Template(probe / np.linalg.norm(probe), MODEL)
        began = time.perf_counter()
        found = gallery.search(template, limit=20, threshold=0.3)
        times.append(1000 * (time.perf_counter() - began))
        assert found == scan.search(template, limit=20, threshold=0.3)
    return {"search_ms_median": round(statistics.median(times), 1), "search_ms_p95": round(np.quantile(times, 0.95), 1)}


if __name__ == "__main__":
    main()
