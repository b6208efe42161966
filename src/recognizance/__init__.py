"""Recognizance: a face recognition server that binds itself to rules."""

from importlib.metadata import version

__version__ = version("recognizance")
