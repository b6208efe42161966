"""What the server publishes: the log, read-only, under ``/log/``, and the report on its accuracy."""

from recognizance.publication.accuracy_pages import REPORT_PATHS, AccuracyPages
from recognizance.publication.app import LogPages

__all__ = ["REPORT_PATHS", "AccuracyPages", "LogPages"]
