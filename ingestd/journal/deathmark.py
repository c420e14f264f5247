"""Remembers, across deaths of the process, which frame was being worked on."""

from pathlib import Path
from typing import Final

from ingestd.journal.cells import Cells

_MARK, _POSITION, _DEATHS, _CHECK = range(4)
_SALT: Final = 0x1D6E57D


class Deathmark:
    """``position`` and ``deaths`` say, of the starts before this one, on which frame they last died and how often in a row."""

    def __init__(self, path: Path) -> None:
        """``path``: a small file beside the journal's segments. It survives ``kill -9``; a power cut may forget the last mark."""
        self._cells = Cells(path, 4)
        self._words = words = self._cells.words
        valid = words[_CHECK] == words[_POSITION] ^ words[_DEATHS] ^ _SALT
        self.position, self.deaths = (words[_POSITION], words[_DEATHS]) if valid else (0, 0)
        marked = words[_MARK]
        if marked:
            self.deaths = self.deaths + 1 if marked == self.position else 1
            self.position = marked
        words[_POSITION], words[_DEATHS] = self.position, self.deaths
        words[_CHECK] = self.position ^ self.deaths ^ _SALT
        words[_MARK] = 0

    def mark(self, position: int) -> None:
        """Work on the frame at ``position`` begins."""
        self._words[_MARK] = position

    def clear(self) -> None:
        """No frame is being worked on."""
        self._words[_MARK] = 0

    def close(self) -> None:
        """An orderly end: whatever was marked did no harm."""
        self.clear()
        self._cells.close()
