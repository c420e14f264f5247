"""Months of ``odds_history`` in PostgreSQL: made ahead, or when a price of a month not yet known is about to be written."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from ingestd.store.columns import to_datetime
from ingestd.store.connect import Session

Month = tuple[int, int]
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2099
"""Between these, a partition per month; whatever lies outside shares one at each end, so that absurd stamps make no thousands of tables."""
BEFORE: Final[Month] = (0, 0)
"""Stands for whatever lies before them."""
_DAY: Final = 86_400_000_000
_PREFIX: Final = "odds_history_"


class Months:
    """The partitions that are known to be there."""

    def __init__(self) -> None:
        self._known: set[Month] = set()
        self._of_day: dict[int, Month] = {}

    def missing(self, times: Iterable[int]) -> list[Month]:
        """Months of these times (UTC µs) that need a partition, in order."""
        days = {time // _DAY for time in times}
        return sorted({month for day in days if (month := self._month(day)) not in self._known and FIRST_YEAR <= month[0] <= LAST_YEAR})

    async def look(self, db: Session) -> None:
        """Learn which there are: others make them too, and housekeeping drops the old."""
        self._known = set((await partitions(db)).values())

    async def make(self, db: Session, months: Iterable[Month]) -> None:
        """Make them, in a transaction of its own. Attaching a table, unlike making it in place, lets readers of the history go on."""
        async with db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('ingestd partitions ' || current_schema(), 0))")
            await self.look(db)
            for month in months:
                if month not in self._known:
                    name = f"{_PREFIX}{month[0]:04}_{month[1]:02}"
                    await db.execute(f"CREATE TABLE {name} (LIKE odds_history INCLUDING ALL)")
                    await db.execute(
                        f"ALTER TABLE odds_history ATTACH PARTITION {name} "
                        f"FOR VALUES FROM ('{_first(month)}') TO ('{_first(_next(month))}')"
                    )
        self._known.update(months)

    def _month(self, day: int) -> Month:
        found = self._of_day.get(day)
        if found is None:
            found = self._of_day[day] = month_of(day * _DAY)
        return found


async def partitions(db: Session) -> dict[str, Month]:
    """The month of each partition by its name; of what lies before or behind all months, only the former."""
    rows = await db.fetch(
        "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = 'odds_history'::regclass"
    )
    found = {f"{_PREFIX}before": BEFORE}
    for row in rows:
        year, _, month = str(row[0]).removeprefix(_PREFIX).partition("_")
        if month:
            found[str(row[0])] = (int(year), int(month))
    return found


def month_of(time: int) -> Month:
    """The month of a time (UTC µs)."""
    moment = to_datetime(time)
    return (moment.year, moment.month)


def _first(month: Month) -> str:
    return datetime(*month, 1, tzinfo=UTC).isoformat()


def _next(month: Month) -> Month:
    return (month[0] + month[1] // 12, month[1] % 12 + 1)
