"""Checks a Recognizance server's log, offline, with the standard library and `cryptography` alone."""

from recognizance_verify.errors import VerificationError

__version__ = "0.1.0"

__all__ = ["VerificationError", "__version__"]
