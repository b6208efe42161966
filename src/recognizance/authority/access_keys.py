"""Access keys: what an SDK signs with."""

import secrets
from typing import NamedTuple

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class KeyPair(NamedTuple):
    """An access key as shown once to its operator."""

    access_key_id: str
    secret: str


def make_key_pair() -> KeyPair:
    """Make an access key in the form that AWS tools expect: 20 characters, and a secret of 40."""
    identifier = "AKIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return KeyPair(identifier, secrets.token_urlsafe(30))
