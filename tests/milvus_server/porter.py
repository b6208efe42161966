"""Run a Milvus server where nothing else is, and let one loopback port through to it.

Milvus binds most of its ports on all interfaces whatever its configuration says.  So this program is started in a
network namespace of its own, whose only interface is its own loopback: what Milvus binds can be reached by nobody
outside, and Milvus reaches nobody.  The one way in is a listening socket that was opened on 127.0.0.1 before,
outside, and is inherited: a socket stays in the namespace that it was made in.

It is run by the interpreter of the virtual environment that has the package `milvus`:
``unshare --net python porter.py FD FOLDER SETTINGS``, the settings as JSON.  It prints Milvus's process id when Milvus
is ready, ends when its standard input does, and takes Milvus with it.
"""

import asyncio
import fcntl
import json
import socket
import struct
import sys
import threading
from typing import Any

from milvus import MilvusServer, MilvusServerConfig

SETTINGS = {
    "proxy.timeTickInterval": 10,  # ms; a search that must see every write waits for the next tick
    "rocksmq.lrucacheratio": 0.01,
    "common.session.ttl": 5,  # s; after a kill, the next one waits for the session of the last to end
    "log.level": "warn",
    "dataCoord.gc.interval": 2,  # s
    "dataCoord.gc.dropTolerance": 2,
}
_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x41


def raise_loopback() -> None:
    """Bring the namespace's loopback interface up; a new namespace has it down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP_RUNNING))


def main(listener: int, folder: str, settings: dict[str, Any]) -> None:
    """Start Milvus, say so, and carry bytes until standard input ends."""
    raise_loopback()
    config = MilvusServerConfig(data_dir=folder)
    for name, value in (SETTINGS | settings).items():
        config.set(name, value)
    server = MilvusServer(config)
    try:
        server.start()
        print(server.server_proc.pid, flush=True)  # noqa: T201 - the test reads it
        door = socket.socket(fileno=listener)
        threading.Thread(target=lambda: asyncio.run(carry(door, server.listen_port)), daemon=True).start()
        sys.stdin.read()
    finally:
        if server.server_proc is not None:
            server.server_proc.kill()
            server.server_proc.wait()


async def carry(door: socket.socket, port: int) -> None:
    """Join every connection that comes through the door to Milvus."""

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    door.setblocking(False)
    async with await asyncio.start_server(join, sock=door) as server:
        await server.serve_forever()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while block := await reader.read(65_536):
            writer.write(block)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
