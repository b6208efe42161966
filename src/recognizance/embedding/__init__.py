"""Aligned faces to templates."""

from recognizance.embedding.interface import Embedder

__all__ = ["Embedder"]
