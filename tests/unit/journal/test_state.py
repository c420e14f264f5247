"""The file journal.json."""

from pathlib import Path

import msgspec
import pytest
import xxhash
from msgspec.structs import replace

from ingestd.errors import ConfigError
from ingestd.journal.state import FORMAT, NAME, OLDEST, Extent, State, load, save

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


@pytest.mark.parametrize(("written", "said"), [(FORMAT + 1, "by a newer ingestd"), (OLDEST - 1, "this ingestd reads from")])
def test_another_format_is_told_in_one_line(tmp_path: Path, written: int, said: str) -> None:
    """What is sound and not ours is no damage: nobody may take it for an empty journal."""
    save(tmp_path, replace(STATE, format=written))
    with pytest.raises(ConfigError, match=said) as error:
        load(tmp_path)
    assert "\n" not in error.value.problems[0]


def test_what_else_a_newer_format_says_is_not_looked_at(tmp_path: Path) -> None:
    """Only its format has to be where it is."""
    body = msgspec.json.encode({"format": FORMAT + 1, "extents": "elsewhere"})
    (tmp_path / NAME).write_bytes(b'{"check":"%s","state":%s}' % (xxhash.xxh3_64_hexdigest(body).encode(), body))
    with pytest.raises(ConfigError, match="newer ingestd"):
        load(tmp_path)


def test_no_file(tmp_path: Path) -> None:
    """An empty directory has no state."""
    assert load(tmp_path) is None


def test_names_sort_by_position() -> None:
    """So that a listing is in order."""
    assert Extent(first=7).name == "00000000000000000007.segment"
