"""The budgets of all keys, in one small file beside the journal: written before each request, so that a crash can only count too much.

The file holds no key, but a hash of each. What it says is on the disk itself before a credit is spent; a count of requests within seconds
or minutes is left to the system to write, since a machine that dies takes longer than that to come back.
"""

import os
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from ingestd.errors import ConfigError
from ingestd.interfaces import Clock
from ingestd.model import SECOND
from ingestd.overview import Month
from ingestd.sources.budget import Account, Budget, Limit
from ingestd.sources.months import month_of
from ingestd.sources.spent import MINUTE, Moment, Spent

BUDGETS: Final = "budgets.json"
"""Name of the file, in the journal's folder."""
KEPT: Final = 62 * 86_400
"""Seconds for which an account is kept that nobody uses any more."""


class _Kept(Struct):
    """One key in the file."""

    limits: tuple[Limit, ...]
    spent: Spent
    sources: Annotated[list[str], Meta(min_length=1)]


class _File(Struct):
    """``lost_at``: when a file was found that could not be read (UTC µs, 0: never)."""

    version: int = 1
    lost_at: Moment = 0
    accounts: dict[str, _Kept] = field(default_factory=dict)


class Accounts:
    """All keys of this daemon. ``damage`` says what was wrong with the file that was found, and where it went.

    Raises ConfigError where the file cannot be reached.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.damage = ""
        self.path = path
        self._clock = clock
        self._open: dict[str, Account] = {}
        self._holders: dict[str, dict[str, tuple[Limit, ...]]] = {}
        """By key, the sources that have it, each with its limits."""
        try:
            self._file = _read(path)
        except ValueError as error:
            aside = path.with_name(f"{path.name}.damaged")
            path.replace(aside)
            self.damage = f"{error}; it is now {aside}"
            self._file = _File(lost_at=clock.now())
        except OSError as error:
            raise ConfigError(f"journal.path: {path} cannot be read: {error.strerror}; let ingestd read and write it") from error
        recent = clock.now() - KEPT * SECOND
        self._file.accounts = {known: kept for known, kept in self._file.accounts.items() if kept.spent.at > recent}

    def budget(self, source: str, key: str, limits: tuple[Limit, ...]) -> Budget:
        """The budget of a key for one source. What other sources with that key were told holds as well."""
        known = blake2b(key.encode("utf-8", "replace"), digest_size=8, person=b"ingestd.budget").hexdigest()
        holders = self._holders.setdefault(known, {})
        holders[source] = limits
        account = self._open.get(known)
        if account is None:
            kept = self._file.accounts.setdefault(known, _Kept(limits, self._unknown(limits), [source]))
            account = self._open[known] = Account(limits, self._clock, kept.spent, self._keep)
        self._restrict(known)
        return Budget(source, limits, self._clock, account)

    def leave(self, source: str) -> None:
        """A source goes, or comes anew: its limits hold no more. What was spent of a key is kept, whoever has it."""
        for known in [known for known, holders in self._holders.items() if source in holders]:
            del self._holders[known][source]
            if self._holders[known]:
                self._restrict(known)
            else:
                del self._holders[known], self._open[known]

    def reports(self) -> list[Month]:
        """Every month that counts, by name."""
        return _reports(self._file, self._open)

    def _restrict(self, known: str) -> None:
        account, kept, holders = self._open[known], self._file.accounts[known], self._holders[known]
        account.restrict(limit for limits in holders.values() for limit in limits)
        kept.limits, kept.sources = account.limits, sorted(holders)

    def _unknown(self, limits: tuple[Limit, ...]) -> Spent:
        """Of a key that the file does not know nothing was spent; where a file was lost in this very month, everything may be."""
        now = self._clock.now()
        spent = Spent()
        for limit in limits if self._file.lost_at else ():
            if limit.seconds is None and month_of(now, limit.renews_on)[0] <= self._file.lost_at:
                spent = msgspec.structs.replace(spent, spent=max(spent.spent, limit.amount), assumed=True)
            elif limit.seconds is not None:
                spent.window(limit.seconds).add(now, int(limit.amount))
        return spent

    def _keep(self, credit: bool) -> None:
        slow = credit or any(tally.span > MINUTE for kept in self._file.accounts.values() for tally in kept.spent.windows)
        _write(self.path, msgspec.json.encode(self._file), durable=slow)


def look(path: Path, clock: Clock) -> list[Month]:
    """How the months stand by the file that a daemon keeps; none where there is none. Raises ValueError for a damaged one, OSError."""
    found = _read(path)
    return _reports(found, {known: Account(kept.limits, clock, kept.spent, lambda _: None) for known, kept in found.accounts.items()})


def _reports(found: _File, accounts: dict[str, Account]) -> list[Month]:
    reports = []
    for known, account in accounts.items():
        left = account.left
        if account.month is not None and left is not None:
            sources = found.accounts[known].sources
            reports.append(
                Month(
                    budget=f"{sources[0]}:{known[:6]}",
                    sources=sources,
                    limit=account.month.amount,
                    left=left,
                    renews_at=account.renews_at,
                    empty_at=account.forecast(),
                    slowed=account.spent.slowed,
                )
            )
    return sorted(reports, key=lambda report: report.budget)


def _read(path: Path) -> _File:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return _File()
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


def _write(path: Path, content: bytes, *, durable: bool) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    fresh.replace(path)
    if durable:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
