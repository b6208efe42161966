"""People with keys of their own, at a server of their own."""

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from rekognition.processes import Server
from wire.signing import SigningKey

CASE = "2026-17"


@dataclass
class Staff:
    """The server, and what its operators sign with."""

    server: Server
    keys: dict[str, SigningKey] = field(default_factory=dict)
    _clients: dict[tuple[str, SigningKey, str], Any] = field(default_factory=dict, repr=False, compare=False)

    def native(self, name: str) -> Any:
        return self.server.native(self.keys[name])

    def issue(self, name: str, *, by: str) -> SigningKey:
        made = self.native(by).issue_access_key(Operator=name)
        return SigningKey(made["AccessKeyId"], made["SecretAccessKey"], name)

    def client(self, service: str, key: SigningKey, path: str = "") -> Any:
        """Give the client of a service, made once: making one takes longer than most requests do."""
        url = self.server.endpoint + path
        if (service, key, url) not in self._clients:
            self._clients[service, key, url] = boto3.client(
                service,
                endpoint_url=url,
                region_name="us-east-1",
                aws_access_key_id=key.access_key_id,
                aws_secret_access_key=key.secret,
                aws_session_token=key.session_token,
                config=Config(proxies={}, retries={"total_max_attempts": 1}),
            )
        return self._clients[service, key, url]

    def session(self, name: str, *, case: str = CASE, seconds: int = 900) -> dict[str, Any]:
        """Register a session."""
        made = self.native(name).open_session(Purpose="theft", Case=case, DurationSeconds=seconds)
        found: dict[str, Any] = made["Session"]
        return found

    def assume(self, name: str, session: dict[str, Any], seconds: int = 900) -> SigningKey:
        """Take a session on."""
        sts = self.client("sts", self.keys[name])
        given = sts.assume_role(RoleArn=session["RoleArn"], RoleSessionName="test", DurationSeconds=seconds)[
            "Credentials"
        ]
        sts.close()
        return SigningKey(
            given["AccessKeyId"], given["SecretAccessKey"], name, session_token=given["SessionToken"], session="s"
        )


def hire(server: Server) -> Staff:
    """Hire ada (administrator), sue (supervisor and auditor), ivy and max (investigators); ivy has the case."""
    staff = Staff(server, {"first": server.key})
    first = staff.native("first")
    for name, roles in {
        "ivy": ["investigator"],
        "max": ["investigator"],
        "sue": ["supervisor", "auditor"],
        "ada": ["administrator"],
    }.items():
        first.create_operator(Operator=name, Name=name.title(), Roles=roles)
        staff.keys[name] = staff.issue(name, by="first")
    staff.native("ada").open_case(Number=CASE, Members=["ivy"])
    return staff
