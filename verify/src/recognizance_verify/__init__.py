"""Checks a Recognizance server's log, offline, with the standard library and `cryptography` alone."""

from recognizance_verify.errors import VerificationError

__all__ = ["VerificationError"]
