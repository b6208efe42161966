"""Galleries in memory: searchable by probe."""

from recognizance.gallery.exhaustive import ExhaustiveGallery
from recognizance.gallery.interface import Gallery
from recognizance.gallery.scan import Machine, ScanGallery

__all__ = ["ExhaustiveGallery", "Gallery", "Machine", "ScanGallery"]
