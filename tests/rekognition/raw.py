"""One signed connection for requests that no SDK would send."""

import http.client
import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from recognizance.wire import load_model
from rekognition.answers import check_error, check_raw_answer
from rekognition.processes import Server
from wire.signing import Signed, sign

MODEL = load_model("rekognition")


@dataclass
class Raw:
    """Sends requests over one kept connection and checks the form of every answer."""

    server: Server
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def signed(self, operation: str, body: bytes = b"{}", *, path: str = "/", **options: Any) -> Signed:
        """Sign a request with the administrator's key, or as `wire.signing.sign` is told otherwise."""
        target = operation if "." in operation else f"RekognitionService.{operation}"
        return sign(body, operation=target, url=self.server.endpoint + path, **{"key": self.server.key, **options})

    def send(self, request: Signed, method: str = "POST") -> tuple[int, dict[str, Any]]:
        """Send a request; return status and JSON."""
        self.connection.putrequest(method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            self.connection.putheader(name, value)
        self.connection.putheader("Content-Length", str(len(request.body)))
        self.connection.endheaders(request.body)
        with self.connection.getresponse() as response:
            content = response.read()
            answer = json.loads(content) if content else {}
            if response.status >= 300:
                check_error(response.status, answer, response.headers)
            else:
                operation = request.header("x-amz-target").rpartition(".")[2]
                check_raw_answer(MODEL.operation_model(operation), answer, response.headers)
            return response.status, answer

    def ask(self, operation: str, body: Any, **options: Any) -> tuple[int, dict[str, Any]]:
        """Send ``body``, as JSON unless it is bytes already."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(self.signed(operation, content, **options))

    def code(self, operation: str, body: Any, **options: Any) -> tuple[int, str]:
        """Send ``body``; return status and error code."""
        status, answer = self.ask(operation, body, **options)
        return status, str(answer.get("Code", ""))
