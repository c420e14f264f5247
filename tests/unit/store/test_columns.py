"""Times: exact in every form, on both databases."""

import asyncio
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.store.columns import EARLIEST, LATEST, to_datetime, to_micros
from ingestd.store.connect import connect_postgres, target
from ingestd.store.statements import EXACT_TIME

ANY_TIME = st.integers(EARLIEST, LATEST)


@given(ANY_TIME)
def test_micros_through_datetime_are_exact(micros: int) -> None:
    """From 0001 to 9999."""
    assert to_micros(to_datetime(micros)) == micros


def micros(value: object) -> int:
    """A time as the driver gives it."""
    assert isinstance(value, datetime)
    return to_micros(value)


@pytest.fixture
def postgres_times(postgres_url: str) -> str:
    """Where to ask."""
    return postgres_url


def test_micros_through_postgresql_are_exact(postgres_times: str) -> None:
    """The SQL that turns int8 into timestamptz, and the driver's way back, over the whole range."""
    said = f"SELECT {EXACT_TIME.format('x')} FROM unnest($1::int8[]) WITH ORDINALITY AS t (x, n) ORDER BY n"
    runner = asyncio.Runner()
    db = runner.run(connect_postgres(target(postgres_times, "public")))

    @settings(max_examples=40, deadline=None)
    @given(st.lists(ANY_TIME, max_size=200))
    def check(times: list[int]) -> None:
        rows = runner.run(db.fetch(said, times))
        assert [micros(row[0]) for row in rows] == times

    try:
        check()
        rows = runner.run(db.fetch(said, [EARLIEST, -1, 0, 1, LATEST]))
        assert [micros(row[0]) for row in rows] == [EARLIEST, -1, 0, 1, LATEST]
    finally:
        runner.run(db.close())
        runner.close()
