"""Entering a journal's directory: lock it, and find out what its segments must hold, whatever happened to them."""

import fcntl
import os
import secrets
import sqlite3
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ingestd.errors import ConfigError, InUse
from ingestd.journal import segment
from ingestd.journal.cells import Acknowledged
from ingestd.journal.codec import Row, told
from ingestd.journal.salvage import Salvage
from ingestd.journal.state import DAMAGED, FORMAT, SUFFIX, Extent, State, judge, load, save

RESERVE: Final = 1 << 20
"""Positions set aside at a time: what a journal may skip at an opening."""


class Survey(Struct):
    """What was found in a segment; ``last`` 0: no rows. ``whole``: nothing hints that there was more."""

    last: int = 0
    length: int = 0
    newest: int = 0
    sources: set[str] = set()
    whole: bool = True

    def add(self, row: Row) -> None:
        """Take a row in, from the first on. Raises Unreadable."""
        for one in told(row):
            self.sources.add(one.source)
            self.newest = max(self.newest, one.received_at)
        self.last = row.last
        self.length += row.length


def make_directory(path: Path) -> None:
    """Create the journal's directory, for its owner alone. Raises ConfigError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(path, error) from error


def lock(path: Path) -> int:
    """Hold the directory until the handle is closed or the process ends. Raises InUse, ConfigError."""
    try:
        handle = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # always of the same length: over an older number, it needs no room on the disk
        os.pwrite(handle, f"{os.getpid():<19}\n".encode(), 0)
    except BlockingIOError as error:
        owner = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise InUse(f"journal {path} is in use by process {owner}: stop it, or give this one another journal.path") from error
    except BaseException:
        os.close(handle)
        raise
    return handle


def _unusable(path: Path, error: OSError) -> OSError | ConfigError:
    if segment.is_full(error):
        return error
    return ConfigError(f"journal.path {path} cannot be used: {error.strerror}. Give a directory that this user may write to")


def recover(directory: Path, acknowledged: Acknowledged) -> State:
    """What the journal holds. Segments found damaged stay in it: reading them says what is lost.

    Raises OSError, sqlite3.Error; ConfigError where a program of another format has written it.
    """
    found = {int(path.stem): path for path in directory.glob(f"*{SUFFIX}") if path.stem.isdecimal()}
    saved = load(directory)
    state = replace(saved, format=FORMAT) if saved else State(uid=_uid(directory, found) or secrets.token_hex(16), reserved=1)
    firsts = sorted({*found, *(extent.first for extent in state.extents)})
    listed = {extent.first: extent for extent in state.extents}
    extents: list[Extent] = []
    for first, following in pairwise([*firsts, 0]):
        if saved and first not in listed and state.extents and first < state.extents[0].first:
            segment.remove(found[first])
            continue
        extent = listed.get(first, Extent(first=first))
        if not extent.last:
            extent = _surveyed(directory / extent.name, extent, following, acknowledged.position)
        elif segment.log_of(directory / extent.name).exists():
            _settle(directory / extent.name)
        if extent.last:
            extents.append(extent)
    used = max([0, acknowledged.position, *(extent.last for extent in extents), *firsts])
    # with the file gone, more may have been used than can be seen
    unseen = RESERVE if used and not saved else 0
    reserved = max(state.reserved, used + unseen + 1)
    state = replace(state, extents=tuple(extents), reserved=reserved)
    if state != saved:
        _save_if_possible(directory, state)
    return state


def _save_if_possible(directory: Path, state: State) -> None:
    try:
        save(directory, state)
    except OSError as error:
        # no position is used before a save succeeds, and until then the next opening finds the same again
        if not segment.is_full(error):
            raise


def _surveyed(path: Path, extent: Extent, following: int, acknowledged: int) -> Extent:
    """An extent with its end, from the file, from the successor, and from what was acknowledged; its ``last`` is 0 if it holds nothing."""
    survey = _survey(path)
    last = survey.last
    if not following:
        last = max(last, acknowledged if acknowledged >= extent.first else 0)
    elif not survey.whole:
        # how far it went is not known: whatever may be lost is named
        last = following - 1
    if not survey.last:
        _put_away(path)
    return replace(extent, last=last, newest=survey.newest, sources=tuple(sorted(survey.sources)) if survey.whole else ())


def _survey(path: Path) -> Survey:
    if not path.exists():
        return Survey(whole=False)
    survey = Survey()
    try:
        with closing(segment.connect(path, "mode=rw")) as connection:
            _settle_if_possible(connection)
            for row in segment.summaries(connection):
                survey.add(row)
            if survey.length != survey.last - int(path.stem) + 1 and survey.length:
                survey.whole = False
    except segment.DAMAGE as error:
        if segment.is_full(error):
            raise
        survey.whole = False
    if not survey.whole:
        survey = Survey(whole=False)
        for row in Salvage(path).forward(0):
            survey.add(row)
    return survey


def _settle_if_possible(connection: sqlite3.Connection) -> None:
    try:
        segment.settle_log(connection)
    except sqlite3.OperationalError as error:
        # on a full disk everything can still be read through the log, and reading is what makes room
        if not segment.is_full(error):
            raise


def _settle(path: Path) -> None:
    """Move the log that a finished segment was left with into its file; where that fails, readers go through the log."""
    with suppress(*segment.DAMAGE), closing(segment.connect(path, "mode=rw")) as connection:
        segment.settle_log(connection)


def _put_away(path: Path) -> None:
    """A segment without a readable row: never used, if it is in order; else kept under another name for a person to look at."""
    if not path.exists():
        return
    try:
        with closing(segment.connect(path, "mode=rw")) as connection:
            sound = connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except segment.DAMAGE:
        sound = False
    if sound:
        segment.remove(path)
        return
    log = segment.log_of(path)
    if log.exists():
        log.rename(log.with_name(log.name + DAMAGED))
    path.rename(path.with_name(path.name + DAMAGED))
    segment.remove_log(path)


def _uid(directory: Path, found: dict[int, Path]) -> str | None:
    """The name that the segments tell, all of which must be of a format that can be read."""
    names: list[str] = []
    for path in found.values():
        with closing(segment.open_reader(path, live=False)) as connection:
            identity = segment.identity_in(connection)
        if identity is not None:
            judge(directory, identity[1])
            names.append(identity[0])
    return names[0] if names else None
