"""Bytes to pixels, within limits."""

from recognizance.imaging.decoding import decode

__all__ = ["decode"]
