"""The file journal.json."""

from pathlib import Path

from ingestd.journal.state import Extent, State, load, save

STATE = State(uid="u", reserved=1 << 30, extents=(Extent(first=1, last=9, newest=5, sources=("a", "é")), Extent(first=10)))


def test_saved_is_loaded(tmp_path: Path) -> None:
    """Everything comes back; a newer save replaces the older; nothing else is left behind."""
    save(tmp_path, State(uid="older", reserved=1))
    save(tmp_path, STATE)
    assert load(tmp_path) == STATE
    assert [path.name for path in tmp_path.iterdir()] == ["journal.json"]


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    """A damaged file is no file: never another state."""
    save(tmp_path, STATE)
    path = tmp_path / "journal.json"
    content = path.read_bytes()
    found = []
    for index in range(len(content)):
        path.write_bytes(content[:index] + bytes([content[index] ^ 0x01]) + content[index + 1 :])
        found.append(load(tmp_path))
    assert set(found) <= {None, STATE}
    assert found.count(None) > len(content) * 0.9


def test_no_file(tmp_path: Path) -> None:
    """An empty directory has no state."""
    assert load(tmp_path) is None


def test_names_sort_by_position() -> None:
    """So that a listing is in order."""
    assert Extent(first=7).name == "00000000000000000007.segment"
