"""The one writing session of a PostgreSQL store: connected again when it broke, with the lock that a daemon holds."""

from typing import Final

import asyncpg

from ingestd.errors import Fenced, InUse, StoreUnavailable
from ingestd.store import affairs
from ingestd.store.connect import Session, Target, connect_postgres
from ingestd.store.partitions import Months

FENCE_STATE: Final = "22012"
"""Division by zero: how a statement says that its checkpoint row was not there to be advanced."""
_LOCK: Final = "hashtextextended('ingestd daemon ' || current_schema(), 0)"
LOCK_WAIT: Final = "5s"
"""How long a daemon waits for a dying predecessor's lock."""
_DATA_CLASSES: Final = ("22", "23")
_LOST: Final = ("08", "57P")
_REASONS: Final = {"23502": "not_null", "23503": "foreign_key"}
DOWN: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What a database that cannot be reached, or cannot now, raises; the third: a server that was shut down while its session was idle."""


def data_error(error: Exception) -> str:
    """One word that both databases share and what PostgreSQL said, where a row is at fault; else ``""``."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        if state[:2] not in _DATA_CLASSES or state == FENCE_STATE:
            return ""
        return f"{_REASONS.get(state, 'constraint' if state.startswith('23') else 'data')}: {error}"
    return f"data: {error}" if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError) else ""


def maybe_committed(error: Exception) -> bool:
    """Whether what was sent may have been committed all the same: the reply is missing."""
    return not isinstance(error, asyncpg.PostgresError) or (error.sqlstate or "").startswith(_LOST)


class PostgresSession:
    """Connects when it is first used, and again after ``drop``."""

    def __init__(self, place: Target) -> None:
        self.months = Months()
        self._place = place
        self._db: Session | None = None
        self._former: tuple[int, str] | None = None
        self._fence = 0

    async def connected(self) -> Session:
        """The session. Raises StoreUnavailable; Fenced where another daemon has taken over in the meantime."""
        if self._db is not None and not self._db.is_closed():
            return self._db
        try:
            db = await connect_postgres(self._place)
        except (*DOWN, ValueError) as error:
            raise self.unavailable(error) from error
        try:
            await self._enter(db)
        except DOWN as error:
            db.terminate()
            raise self.unavailable(error) from error
        except BaseException:
            db.terminate()
            raise
        self._db = db
        return db

    async def lock(self, db: Session) -> None:
        """Be the one daemon on this store. Raises InUse after 5 s."""
        try:
            await _wait_for_lock(db)
        except asyncpg.LockNotAvailableError as error:
            raise InUse(
                f"store {self._place.shown}, schema {self._place.schema}: "
                "another ingestd is running on it; stop it, or set another store.schema"
            ) from error

    def fenced(self, fence: int) -> None:
        """From now on this session's daemon stands by this fence, and holds the lock again after every reconnect."""
        self._fence = fence

    def drop(self) -> None:
        """Break the session at once: the server rolls back whatever was open."""
        if self._db is not None:
            self._db.terminate()
            self._db = None

    async def close(self) -> None:
        """End it in order."""
        if self._db is not None:
            try:
                await self._db.close()
            except DOWN:
                self._db.terminate()
            self._db = None

    def unavailable(self, error: Exception) -> StoreUnavailable:
        """What to say of an error that is nobody's fault."""
        return StoreUnavailable(f"store {self._place.shown}: {str(error) or type(error).__name__}")

    def taken_over(self) -> Fenced:
        """What to say where the fence has moved."""
        return Fenced(f"store {self._place.shown}, schema {self._place.schema}: another daemon has taken over")

    async def _enter(self, db: Session) -> None:
        if self._former is not None:
            # a session that we lost may live on at the server, with our lock and an open transaction
            await db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start::text = $2", *self._former
            )
        if self._fence:
            await self._check_fence(db)
            try:
                await _wait_for_lock(db)
            finally:
                await self._check_fence(db)
        started = await db.fetchval("SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        self._former = (db.get_server_pid(), str(started))
        await self.months.look(db)

    async def _check_fence(self, db: Session) -> None:
        highest = await db.fetchval(affairs.render(affairs.HIGHEST_FENCE, "postgresql"), "live")
        if highest != self._fence:
            raise self.taken_over()


async def _wait_for_lock(db: Session) -> None:
    await db.execute(f"SET lock_timeout = '{LOCK_WAIT}'")
    try:
        await db.execute(f"SELECT pg_advisory_lock({_LOCK})")
    finally:
        await db.execute("RESET lock_timeout")
