"""Access keys: what an SDK signs with."""

import secrets
from dataclasses import dataclass, field

TEMPORARY = "ASIA"
"""What the access key ids of sessions begin with."""

_LASTING = "AKIA"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An access key and its secret, which is left out of the repr."""

    access_key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TemporaryKey:
    """An access key of a session, its secret and the token that has to come along; both are left out of the repr."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)


def make_key_pair() -> KeyPair:
    """Make an access key in the form that AWS tools expect: 20 characters, and a secret of 40."""
    return KeyPair(_identifier(_LASTING), secrets.token_urlsafe(30))


def make_temporary_key() -> TemporaryKey:
    """Make an access key for a session; nothing can be read out of its token."""
    return TemporaryKey(_identifier(TEMPORARY), secrets.token_urlsafe(30), secrets.token_urlsafe(48))


def _identifier(kind: str) -> str:
    return kind + "".join(secrets.choice(_ALPHABET) for _ in range(16))
