"""Access keys: what an SDK signs with."""

import secrets
from dataclasses import dataclass, field

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An access key and its secret, which is left out of the repr."""

    access_key_id: str
    secret: str = field(repr=False)


def make_key_pair() -> KeyPair:
    """Make an access key in the form that AWS tools expect: 20 characters, and a secret of 40."""
    identifier = "AKIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return KeyPair(identifier, secrets.token_urlsafe(30))
