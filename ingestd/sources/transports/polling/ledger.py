"""Where each query stands: when it was walked, by what to ask whether it changed since, how often it failed."""

from collections.abc import Collection, Mapping
from random import Random
from typing import Final

import msgspec
from msgspec import Struct

from ingestd.model import SECOND

ATTEMPTS: Final = 4
"""Failures of one query in a row before it is told as failed."""
FIRST_RETRY: Final = 1.0
LONGEST_RETRY: Final = 60.0
FULL_EVERY: Final = 3_600.0
"""Seconds after which a query is asked for whole, whatever its entity tag: some servers say "unchanged" of what did change."""
FORGET_AFTER: Final = 3_600.0
"""Seconds after which a query is forgotten that the plan does not name any more."""


class Walked(Struct, array_like=True):
    """When a query was last walked to its end, when last in full (both UTC µs; 0: not yet), and by what to ask whether it changed since."""

    at: int = 0
    full_at: int = 0
    etag: str = ""
    modified: str = ""


class Query(Struct):
    """Where a query stands; one that is not walked is due. ``retry_at`` in UTC µs. ``told``: why it fails, once that was said."""

    walked: Walked
    failures: int = 0
    retry_at: int = 0
    told: str = ""

    def due(self, interval: float) -> int:
        """When to ask again, in UTC µs."""
        return max(self.walked.at + int(interval * SECOND) if self.walked.at else 0, self.retry_at)

    def conditions(self, now: int) -> Mapping[str, str]:
        """Headers by which only a change is answered."""
        walked = self.walked
        if now - walked.full_at >= FULL_EVERY * SECOND:
            return {}
        return {name: value for name, value in (("If-None-Match", walked.etag), ("If-Modified-Since", walked.modified)) if value}

    def answered(self) -> None:
        """It was answered, whatever the answer says."""
        self.failures = self.retry_at = 0
        self.told = ""

    def failed(self, reason: str, now: int, interval: float, random: Random) -> bool:
        """It was not: try again after a pause that grows, up to ``interval`` (s): an attempt may cost what an answer does.

        True: this is to be told, and only an answer in full can mend it.
        """
        self.failures += 1
        longest = max(LONGEST_RETRY, interval)
        pause = random.uniform(0.5, 1.0) * min(FIRST_RETRY * 2 ** min(self.failures - 1, 20), longest)
        self.retry_at = now + int(pause * SECOND)
        return self.failures >= ATTEMPTS and self._tell(reason)

    def grown_old(self, now: int, within: float) -> bool:
        """Whether it is to be told that the last walk lies further back than so many seconds: nobody can afford to ask."""
        return bool(self.walked.at) and now - self.walked.at > within * SECOND and self._tell("overdue")

    def _tell(self, reason: str) -> bool:
        if self.told:
            return False
        self.told = reason
        self.walked.etag = self.walked.modified = ""
        return True


class Ledger:
    """All queries of a source, by key."""

    def __init__(self) -> None:
        self._queries: dict[str, Query] = {}

    def query(self, key: str) -> Query:
        """Where it stands; one that is new was never walked."""
        return self._queries.setdefault(key, Query(Walked()))

    def resume(self, token: str, now: int) -> bool:
        """A session begins: what the token knows is known, what failed goes on waiting. False: it knows nothing, all is to be walked."""
        known = _read(token)
        if not known:
            for query in self._queries.values():
                query.walked = Walked()
        for key, walked in known.items():
            # a clock that was set back must not put a query off
            walked.at, walked.full_at = min(walked.at, now), min(walked.full_at, now)
            self._queries.setdefault(key, Query(walked))
        return bool(known)

    def failing(self) -> Mapping[str, str]:
        """The queries whose failing was told, and why they fail: a session that begins has to tell it again."""
        return {key: query.told for key, query in self._queries.items() if query.told}

    def token(self) -> str:
        """When everything was walked that was ever walked whole."""
        walked = {key: query.walked for key, query in self._queries.items() if query.walked.at}
        return msgspec.json.encode(walked).decode() if walked else ""

    def forget(self, wanted: Collection[str], now: int) -> None:
        """Let go of what the plan has not named for long: tokens would grow for ever."""
        since = now - FORGET_AFTER * SECOND
        for key in [key for key, query in self._queries.items() if key not in wanted and query.walked.at < since]:
            del self._queries[key]


def walked_in(token: str) -> frozenset[str]:
    """The queries that were walked whole by the time of a token: what a plan may want to ask again that nobody lists any more."""
    return frozenset(_read(token))


def _read(token: str) -> Mapping[str, Walked]:
    try:
        return msgspec.json.decode(token or "{}", type=dict[str, Walked])
    except msgspec.DecodeError:
        return {}
