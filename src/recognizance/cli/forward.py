"""A file that is read once, from front to back, as archives are."""

from typing import BinaryIO

_PIECE_BYTES = 1 << 18
_BEHIND_BYTES = 512
"""How far one may go back: a block of a tar."""

_REQUEST_MAX_BYTES = 1 << 20
"""The most that a header may ask for: one that says more wants the memory, not a long name."""

_TRAILER_MAX_BYTES = 1 << 20


class Forward:
    """Reads a stream forward; goes at most one block back.

    Raises `OSError` where more is asked of it, so that a broken archive neither fills the memory nor is decompressed
    again and again.
    """

    def __init__(self, file: BinaryIO, *, seekable: bool) -> None:
        self._file = file
        self._seekable = seekable
        self._position = 0
        self._behind = b""
        """The last bytes before the position of the file itself."""
        self._back = 0
        """By how much we are behind the file's own position."""

    def tell(self) -> int:
        """Tell where we are."""
        return self._position - self._back

    def read(self, size: int) -> bytes:
        """Read what a header asks for."""
        if not 0 <= size <= _REQUEST_MAX_BYTES:
            raise OSError("a header in it is not to be believed")
        return self.take(size)

    def take(self, size: int) -> bytes:
        """Read `size` bytes, or what is left."""
        pieces = []
        if self._back:
            again = self._behind[-self._back :][:size]
            self._back -= len(again)
            size -= len(again)
            pieces.append(again)
        while size > 0:
            piece = self._file.read(min(size, _PIECE_BYTES))
            if not piece:
                break
            pieces.append(piece)
            size -= len(piece)
            self._position += len(piece)
            self._behind = (self._behind + piece)[-_BEHIND_BYTES:]
        return b"".join(pieces)

    def seek(self, position: int) -> int:
        """Go forward, or a little back."""
        here = self.tell()
        if position < here:
            if self._position - position > len(self._behind):
                raise OSError("it cannot be read in order")
            self._back = self._position - position
        elif self._seekable and position > self._position:
            self._file.seek(position)
            self._position, self._behind, self._back = position, b"", 0
        else:
            while self.tell() < position and self.take(min(_PIECE_BYTES, position - self.tell())):
                pass
        return self.tell()

    def drain(self) -> None:
        """Read on to the end of a stream that is about to end."""
        left = _TRAILER_MAX_BYTES
        while left > 0 and (piece := self.take(_PIECE_BYTES)):
            left -= len(piece)
