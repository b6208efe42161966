"""A process that has imported the program, and makes copies of itself that each run one command.

Starting the interpreter and importing the program takes longer than most commands do.  A copy is a process of its own:
its arguments, environment, streams, signals and exit code are those of a command that a person starts.
"""

import gc
import json
import os
import socket
import sys

import alembic.command  # noqa: F401 - what records and searches load when first needed
import botocore.session
import numba  # noqa: F401
import openvino  # noqa: F401

import recognizance.server  # noqa: F401
from recognizance.cli import main
from recognizance.native import native_client


def serve(connection: socket.socket, request_bytes_max: int) -> bool:
    """Answer each request with the number of a new process; returns True in that, False when nobody asks any more."""
    while True:
        message, streams, _, _ = socket.recv_fds(connection, request_bytes_max, 3)
        if not message:
            return False
        # Twice: whose parent ends becomes a child of who asks (see `starting`), who can then wait for it.
        told, tell = os.pipe()
        between = os.fork()
        if between == 0:
            own = os.fork()
            if own == 0:
                connection.close()
                _become(json.loads(message), streams)
                os.close(told)
                os.close(tell)
                return True
            os.write(tell, str(own).encode())
            os._exit(0)
        os.waitpid(between, 0)
        connection.send(os.read(told, 32))
        for descriptor in (told, tell, *streams):
            os.close(descriptor)


def _become(request: dict, streams: list[int]) -> None:
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    # Made anew: the old ones remember of what kind their files were.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["recognizance", *request["arguments"]]


if __name__ == "__main__":
    # Reads the services' models, which takes a fifth of a second.
    native_client(botocore.session.Session(), "http://127.0.0.1:1", region="us-east-1")
    gc.freeze()
    if serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])):
        main()
