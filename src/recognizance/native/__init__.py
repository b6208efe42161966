"""Recognizance's own operations: larger photographs, scores with their meaning, export and import, authority, the log.

They travel as Rekognition's do (AWS JSON 1.1, SigV4), by a service model of our own in `data/`; the command line
is a client of them, and takes nothing else of this room: what answers is in `operations`.
"""

from recognizance.native.model import load_native_model, native_client, share_models

__all__ = ["load_native_model", "native_client", "share_models"]
