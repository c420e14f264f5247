"""Integers in a mapped file."""

import stat
from pathlib import Path

from ingestd.journal.cells import Acknowledged, Cells


def test_words_survive(tmp_path: Path) -> None:
    """What was written is there when the file is mapped again; a new file holds zeros and is for its owner alone."""
    path = tmp_path / "cells"
    cells = Cells(path, 2)
    before = list(cells.words)
    cells.words[1] = -5
    cells.close()
    again = Cells(path, 2)
    found = list(again.words)
    again.close()
    assert before == [0, 0]
    assert found == [0, -5]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_of_another_size_begins_anew(tmp_path: Path) -> None:
    """A cut or foreign file is not read as numbers."""
    path = tmp_path / "cells"
    path.write_bytes(b"\x01" * 17)
    cells = Cells(path, 2)
    found = list(cells.words)
    cells.close()
    assert found == [0, 0]


def test_acknowledged(tmp_path: Path) -> None:
    """The number is kept; a damaged one counts as none."""
    path = tmp_path / "acknowledged"
    found = []
    for damage in (False, False, True):
        if damage:
            path.write_bytes(b"\x07" + path.read_bytes()[1:])
        acknowledged = Acknowledged(path)
        found.append(acknowledged.position)
        acknowledged.acknowledge(1 << 40)
        acknowledged.close()
    assert found == [0, 1 << 40, 0]
