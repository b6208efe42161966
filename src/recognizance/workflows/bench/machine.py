"""What machine this is."""

import os
import platform
from pathlib import Path
from typing import Any

from recognizance.workflows.bench.material import total_memory


def describe_machine() -> dict[str, Any]:
    """Describe it, and how busy it is."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": total_memory() / 1e9,
        "load_1min": os.getloadavg()[0],
    }
