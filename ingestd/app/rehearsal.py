"""A store that is read as it is, and into which nothing is written: what a run would do, without doing it."""

from collections.abc import Mapping, Sequence

from ingestd.batch import Batch, Warm, Written
from ingestd.interfaces import Store
from ingestd.model import Frame, Run
from ingestd.relations import Known, Wanted


class Rehearsal:
    """``interfaces.Store``: questions go to a real one; what would write does nothing. What the database would refuse is not seen."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def prepare(self) -> None:
        """The real one is prepared by whoever opened it."""

    async def journal_id(self, uid: str, path: str) -> int:
        """No journal is entered."""
        return 0

    async def prefer(self, sources: Sequence[str]) -> None:
        """Precedence stays as it is."""

    async def begin(self, run: Run, journal_id: int, position: int) -> int:
        """No run is entered."""
        return position

    async def position(self, run: Run, journal_id: int) -> int:
        """There is no checkpoint: no commit is ever in doubt."""
        return 0

    async def warm(self, source: str, since: int, closed_since: int) -> Warm:
        """As the store has it."""
        return await self._store.warm(source, since, closed_since)

    async def past(self, source: str, offset: int, frame: Frame, since: int) -> Warm:
        """As the store has it."""
        return await self._store.past(source, offset, frame, since)

    async def seen_until(self, source: str) -> int | None:
        """As the store has it."""
        return await self._store.seen_until(source)

    async def known(self, wanted: Wanted) -> Known:
        """As the store has it."""
        return await self._store.known(wanted)

    async def write(self, batch: Batch) -> Written:
        """Nothing is written, and nothing refused."""
        return Written()

    async def end(self, run: Run, *, ended_at: int, status: str, counts: Mapping[str, int], error: str = "") -> None:
        """No run was entered."""

    async def close(self) -> None:
        """The real one is closed by whoever opened it."""
