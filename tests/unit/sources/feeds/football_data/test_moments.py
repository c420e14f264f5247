"""When prices stood: collection days before the kick-off, UK time in summer and winter."""

from datetime import UTC, date, datetime, time

import pytest

from ingestd.model import SECOND
from ingestd.sources.feeds.football_data.moments import moments


def utc(micros: int) -> str:
    """As people write it."""
    return datetime.fromtimestamp(micros / SECOND, UTC).strftime("%a %d %b %Y %H:%M:%S")


@pytest.mark.parametrize(
    ("day", "at", "opening", "kick_off"),
    [
        (date(2022, 8, 13), time(15), "Fri 12 Aug 2022 11:00:00", "Sat 13 Aug 2022 14:00:00"),
        (date(2022, 8, 14), time(16, 30), "Fri 12 Aug 2022 11:00:00", "Sun 14 Aug 2022 15:30:00"),
        (date(2022, 8, 15), time(20), "Fri 12 Aug 2022 11:00:00", "Mon 15 Aug 2022 19:00:00"),
        (date(2022, 8, 16), time(19, 45), "Tue 16 Aug 2022 11:00:00", "Tue 16 Aug 2022 18:45:00"),
        (date(2022, 8, 18), time(20), "Tue 16 Aug 2022 11:00:00", "Thu 18 Aug 2022 19:00:00"),
        (date(2022, 8, 19), time(20), "Fri 19 Aug 2022 11:00:00", "Fri 19 Aug 2022 19:00:00"),
        (date(2022, 12, 30), time(12), "Tue 27 Dec 2022 12:00:00", "Fri 30 Dec 2022 12:00:00"),
        (date(1993, 8, 14), None, "Fri 13 Aug 1993 11:00:00", "Sat 14 Aug 1993 14:00:00"),
        (date(2023, 3, 26), None, "Fri 24 Mar 2023 12:00:00", "Sun 26 Mar 2023 14:00:00"),
    ],
)
def test_moments(day: date, at: time | None, opening: str, kick_off: str) -> None:
    """The last Tuesday or Friday noon before the kick-off; a second before it; two hours after it."""
    found = moments(day, at)
    assert (utc(found.opening), utc(found.kick_off)) == (opening, kick_off)
    assert (found.closing, found.whistle) == (found.kick_off - SECOND, found.kick_off + 7200 * SECOND)
    assert found.opening < found.closing
