"""The log, read-only, under ``/log/``."""

from recognizance.publication.app import LogPages

__all__ = ["LogPages"]
