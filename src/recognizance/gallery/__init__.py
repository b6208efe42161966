"""Galleries in memory or in Milvus: searchable by probe."""

from recognizance.gallery.exhaustive import ExhaustiveGallery
from recognizance.gallery.interface import Gallery
from recognizance.gallery.milvus import MilvusGallery
from recognizance.gallery.milvus_engine import MilvusAddress, MilvusEngine
from recognizance.gallery.scan import Machine, ScanGallery

__all__ = [
    "ExhaustiveGallery",
    "Gallery",
    "Machine",
    "MilvusAddress",
    "MilvusEngine",
    "MilvusGallery",
    "ScanGallery",
]
