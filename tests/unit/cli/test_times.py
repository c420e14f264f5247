"""Times as people write and read them."""

import pytest

from ingestd.cli.times import ago, iso, lasted, parse_time, since_time
from ingestd.errors import ConfigError
from ingestd.model import SECOND


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T00:00:01", 1_000_000),
        ("1970-01-01T01:00:01+01:00", 1_000_000),
        ("2026-11-23T14:03:00.123456Z", 1_795_442_580_123_456),
        ("1969-12-31T23:59:59Z", -1_000_000),
    ],
)
def test_a_time_is_read_to_the_microsecond(text: str, expected: int | None) -> None:
    """UTC where no zone is given."""
    assert parse_time(text) == expected


def test_what_is_no_time_is_said() -> None:
    """With how to write one."""
    with pytest.raises(ConfigError, match="'yesterday' is no time; write ISO 8601"):
        parse_time("yesterday")


def test_a_time_is_shown_to_the_second() -> None:
    """And nothing as a dash."""
    assert (iso(1_795_442_580_999_999), iso(0), iso(None)) == ("2026-11-23 14:03:00", "1970-01-01 00:00:00", "-")


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_199, "120 min"), (7_200, "2 h"), (172_800, "2 d")]
)
def test_a_span_is_one_figure(seconds: float, expected: str) -> None:
    """In the largest unit that says something."""
    assert ago(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0.0 s"), (2.34, "2.3 s"), (62, "1 min 2 s"), (3600, "1 h"), (7322, "2 h 2 min"), (187_200, "2 d 4 h")]
)
def test_how_long_it_lasted(seconds: float, words: str) -> None:
    """To the second, in two units."""
    assert lasted(seconds) == words


def test_since() -> None:
    """A span back from now, or a time; nothing is always."""
    assert since_time("", 5) == 0
    assert since_time("90min", 10_000 * SECOND) == 4_600 * SECOND
    assert since_time("1970-01-01T00:00:07Z", 0) == 7 * SECOND
    with pytest.raises(ConfigError, match="--since"):
        since_time("lately", 0)
