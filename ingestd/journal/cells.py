"""A few integers that outlive the process, not the machine: written for the price of a store to memory."""

import mmap
import os
from pathlib import Path

_WORD = 8


class Cells:
    """``words`` are signed 64-bit integers, mapped from a file that is created with zeros.

    The kernel keeps what was written when the process is killed; a power cut may bring back older values.
    """

    def __init__(self, path: Path, count: int) -> None:
        size = count * _WORD
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(handle).st_size != size:
                os.ftruncate(handle, 0)
                # real zeros, not a hole: writing to a mapped hole on a full disk would kill the process
                os.pwrite(handle, bytes(size), 0)
                os.fsync(handle)
            self._map = mmap.mmap(handle, size)
        finally:
            os.close(handle)
        self.words = memoryview(self._map).cast("q")

    def close(self) -> None:
        """Unmap; ``words`` cannot be used any more."""
        self.words.release()
        self._map.close()


class Acknowledged:
    """The last position that was ever reported durable; 0 where unknown.

    Written after the commit, it is never ahead of the disk. So a journal that ends before it has lost its tail, which SQLite itself
    does not notice when its log is cut short.
    """

    def __init__(self, path: Path) -> None:
        self._cells = Cells(path, 2)

    @property
    def position(self) -> int:
        """The last position reported durable."""
        words = self._cells.words
        # it stands beside its complement: a torn or flipped number counts as none
        return words[0] if words[0] == ~words[1] else 0

    def acknowledge(self, position: int) -> None:
        """Remember that everything up to ``position`` is durable."""
        words = self._cells.words
        words[0], words[1] = position, ~position

    def close(self) -> None:
        """Let go of the file."""
        self._cells.close()
