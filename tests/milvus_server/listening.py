"""What processes listen on, as the kernel tells it."""

import ipaddress
import struct
from pathlib import Path

_LISTEN = "0A"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def listeners(pid: int | str, *, namespace_of: int | str | None = None) -> set[Address]:
    """List the addresses that a process and its children listen on.

    Parameters
    ----------
    namespace_of : int or str, optional
        Look for its sockets in this process's network namespace instead of its own.
    """
    inodes = {
        inode
        for member in _family(pid)
        for link in Path(f"/proc/{member}/fd").iterdir()
        if (inode := _inode(link)) is not None
    }
    found: set[Address] = set()
    for name in ("tcp", "tcp6"):
        lines = Path(f"/proc/{namespace_of or pid}/net/{name}").read_text(encoding="ascii").splitlines()[1:]
        for fields in map(str.split, lines):
            if fields[3] == _LISTEN and fields[9] in inodes:
                found.add(_address(fields[1].partition(":")[0]))
    return found


def interfaces(pid: int) -> set[str]:
    """Name the network interfaces that a process sees."""
    lines = Path(f"/proc/{pid}/net/dev").read_text(encoding="ascii").splitlines()[2:]
    return {line.partition(":")[0].strip() for line in lines}


def _family(pid: int | str) -> list[str]:
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return [str(pid), *(member for file in children for child in file.read_text().split() for member in _family(child))]


def _inode(link: Path) -> str | None:
    try:
        target = str(link.readlink())
    except OSError:  # closed meanwhile
        return None
    return target.removeprefix("socket:[").removesuffix("]") if target.startswith("socket:") else None


def _address(text: str) -> Address:
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    packed = b"".join(struct.pack("=I", word) for word in words)
    if len(packed) == 4:
        return ipaddress.IPv4Address(packed)
    return ipaddress.IPv6Address(packed)
