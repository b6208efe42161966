"""Verify AWS Signature Version 4.

References
----------
AWS General Reference, "Create a signed AWS API request" (Signature Version 4).
"""

import hmac
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

from recognizance.wire.claims import ALGORITHM, TIMESTAMP, Claim, read_claim
from recognizance.wire.context import canonical_path
from recognizance.wire.faults import (
    SignInFault,
    expired_token,
    invalid_signature,
    unrecognized_client,
)
from recognizance.wire.request import Request
from recognizance.wire.service import Actor

CLOCK_SKEW = timedelta(minutes=5)

# Stands in for the secret of a key that does not exist, so that looking for keys by time is no quicker.
_NO_SECRET = "no key has this secret"  # noqa: S105 - it opens nothing: what it verifies is refused anyway


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key that may sign.

    Attributes
    ----------
    access_key_id, secret : str
        The pair; the secret is left out of the repr.
    operator : str
        Whose key it is.
    active : bool
        False refuses everything signed with it.
    token_digest : bytes of length 32, or None
        SHA-256 of the token that must come along, if the key is of a session; no token may come with another.
    expires_at : datetime or None
        When temporary credentials end.
    session : str or None
        The session that they are for.
    """

    access_key_id: str
    secret: str
    operator: str
    active: bool = True
    token_digest: bytes | None = None
    expires_at: datetime | None = None
    session: str | None = None

    def __repr__(self) -> str:
        return f"AccessKey({self.access_key_id!r}, operator={self.operator!r}, active={self.active})"


class KeyRing(Protocol):
    """Knows the keys."""

    def lookup(self, access_key_id: str) -> AccessKey | None:
        """Find a key, active or not; called in a worker thread, for identifiers that anyone may have made up."""


class ReplayGuard(Protocol):
    """Remembers presigned requests for as long as they could be sent again, restarts included."""

    def use(self, signature: str, expires_at: datetime, now: datetime) -> bool:
        """Mark `signature` as used; return False if it was used before.  Called in a worker thread."""


class Verifier:
    """Tells who signed a request, or refuses.

    Parameters
    ----------
    keys : KeyRing
        The keys that may sign.
    clock : callable
        Gives the time, with its zone.
    replays : ReplayGuard
        Remembers presigned requests that were used.
    """

    def __init__(self, keys: KeyRing, clock: Callable[[], datetime], replays: ReplayGuard) -> None:
        self._keys = keys
        self._clock = clock
        self._replays = replays

    def read(self, request: Request, signing_names: Collection[str], untargeted: Collection[str] = ()) -> Claim:
        """Judge all of the signature that needs neither the body nor the key.

        Parameters
        ----------
        signing_names : collection of str
            The services that the request can be for.
        untargeted : collection of str
            Those of them that need no x-amz-target.

        Raises
        ------
        SignInFault
            If the claim is incomplete, for another service, too old or of the future.
        """
        claim = read_claim(request, untargeted)
        with _told_of(claim):
            if claim.service not in signing_names:
                expected = " or ".join(f"'{name}'" for name in sorted(signing_names))
                raise invalid_signature(f"Credential should be scoped to correct service: {expected}.")
            self._require_current(claim)
        return claim

    def know(self, claim: Claim) -> None:
        """Refuse a key that is unknown or inactive, before anything of its request is kept.

        Raises
        ------
        SignInFault
        """
        key = self._keys.lookup(claim.access_key_id)
        with _told_of(claim):
            if key is None or not key.active:
                raise unrecognized_client()

    def verify(self, request: Request, claim: Claim, body: bytes | bytearray) -> Actor:
        """Judge the signature itself; a presigned request is used up by this.

        Raises
        ------
        SignInFault
            If the key is unknown, inactive or expired, or the signature is not of this request.
        """
        with _told_of(claim):
            return self._verify(request, claim, body)

    def _verify(self, request: Request, claim: Claim, body: bytes | bytearray) -> Actor:
        body_digest = sha256(body).hexdigest()
        declared = request.header(b"x-amz-content-sha256")
        if declared is not None and declared != body_digest:
            # UNSIGNED-PAYLOAD too: the signature has to cover the photograph.
            raise invalid_signature("x-amz-content-sha256 is not the SHA-256 of the body that was received.")
        key = self._keys.lookup(claim.access_key_id)
        expected = _signature(key.secret if key else _NO_SECRET, request, claim, body_digest)
        genuine = hmac.compare_digest(expected, claim.signature)
        if key is None or not key.active:
            raise unrecognized_client()
        if not genuine:
            raise invalid_signature()
        if not _is_token_of(key, claim.token or ""):
            raise unrecognized_client()
        now = self._clock()
        if key.expires_at is not None and now >= key.expires_at:
            raise expired_token()
        self._require_current(claim)  # once more: the body may have taken its time
        if claim.expires_seconds is not None:
            expires_at = claim.signed_at + timedelta(seconds=claim.expires_seconds)
            # Kept a little longer than valid, should the clock be set back.
            if not self._replays.use(claim.signature, expires_at + CLOCK_SKEW, now):
                raise invalid_signature("This presigned request has been used; it is valid once.")
        return Actor(key.operator, key.access_key_id, key.session)

    def _require_current(self, claim: Claim) -> None:
        now = self._clock().astimezone(UTC)
        if claim.signed_at > now + CLOCK_SKEW:
            limit = (now + CLOCK_SKEW).strftime(TIMESTAMP)
            raise invalid_signature(
                f"Signature not yet current: {claim.timestamp} is still later than {limit} "
                f"({now.strftime(TIMESTAMP)} + 5 min.)"
            )
        if claim.expires_seconds is not None:
            if now >= claim.signed_at + timedelta(seconds=claim.expires_seconds):
                raise invalid_signature(
                    f"Signature expired: {claim.timestamp} + {claim.expires_seconds} s is now earlier than "
                    f"{now.strftime(TIMESTAMP)}"
                )
        elif claim.signed_at < now - CLOCK_SKEW:
            limit = (now - CLOCK_SKEW).strftime(TIMESTAMP)
            raise invalid_signature(
                f"Signature expired: {claim.timestamp} is now earlier than {limit} ({now.strftime(TIMESTAMP)} - 5 min.)"
            )


@contextmanager
def _told_of(claim: Claim) -> Iterator[None]:
    """Let a fault say whose key it was about."""
    try:
        yield
    except SignInFault as fault:
        fault.access_key_id = claim.access_key_id
        raise


def _is_token_of(key: AccessKey, token: str) -> bool:
    if key.token_digest is None:
        return not token
    return hmac.compare_digest(key.token_digest, sha256(token.encode()).digest())


def _signature(secret: str, request: Request, claim: Claim, body_digest: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in request.query if name != "X-Amz-Signature")
    canonical = b"\n".join(
        [
            request.method.encode("ascii"),
            canonical_path(request.raw_path),  # `parse_context` refuses every spelling but one
            query.encode("ascii"),
            *(
                name.encode() + b":" + b" ".join(request.headers[name.encode()].split())
                for name in claim.signed_headers
            ),
            b"",
            ";".join(claim.signed_headers).encode(),
            body_digest.encode(),
        ]
    )
    to_sign = "\n".join([ALGORITHM, claim.timestamp, claim.scope, sha256(canonical).hexdigest()])
    signing_key = _signing_key(secret, claim.scope_date, claim.region, claim.service)
    return hmac.new(signing_key, to_sign.encode(), sha256).hexdigest()


@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return key
