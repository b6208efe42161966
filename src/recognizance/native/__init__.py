"""Recognizance's own operations: larger photographs, scores with their meaning, export and import.

They travel as Rekognition's do (AWS JSON 1.1, SigV4), by a service model of our own in `data/`; the command line
is a client of them.
"""

from recognizance.native.model import load_native_model, native_client
from recognizance.native.operations import native_service

__all__ = ["load_native_model", "native_client", "native_service"]
