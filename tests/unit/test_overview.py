"""An overview is small to say and can be understood by whoever knows less or more fields."""

import msgspec

from ingestd.overview import Overview


def test_the_least_that_is_said() -> None:
    """Everything but its moment has a default: an older daemon's words are enough."""
    assert msgspec.json.decode(b'{"at": 7, "later": {"more": 1}}', type=Overview) == Overview(at=7)


def test_nothing_is_left_out() -> None:
    """A program that reads it finds every field, also where it holds its default."""
    assert set(msgspec.json.decode(msgspec.json.encode(Overview(at=7)))) == set(Overview.__struct_fields__)
