"""Galleries in memory: searchable by probe."""

from recognizance.gallery.exhaustive import ExhaustiveGallery
from recognizance.gallery.interface import Gallery

__all__ = ["ExhaustiveGallery", "Gallery"]
