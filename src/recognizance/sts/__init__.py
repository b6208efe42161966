"""The two operations of AWS STS by which unmodified programs get a session's credentials, and ask who they are."""

from recognizance.sts.operations import sts_service

__all__ = ["sts_service"]
