"""The file ``journal.json``: who the journal is, which positions may have been used, and what its segments must hold."""

import os
from pathlib import Path
from typing import Final

import msgspec
import xxhash
from msgspec import Struct

from ingestd.errors import ConfigError

FORMAT: Final = 1
"""Of what this program writes: goes up with each change that an older program would misread, be it in a segment or in this file."""
OLDEST: Final = 1
"""The oldest format that this program reads."""
NAME = "journal.json"
SUFFIX = ".segment"
DAMAGED = ".damaged"


class Extent(Struct, frozen=True, kw_only=True):
    """What a segment must hold: all positions from ``first`` to ``last``. Whatever of it cannot be read is lost.

    ``last`` 0: it is being written, as is all that follows. ``sources`` empty: unknown.
    """

    first: int
    last: int = 0
    newest: int = 0
    """Receipt time of its newest frame."""
    sources: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.first:020d}{SUFFIX}"


class State(Struct, frozen=True, kw_only=True):
    """``reserved``: all positions before it may have been used. ``extents`` in order, never overlapping.

    ``format``: the newest that anything in the journal is written in.
    """

    uid: str
    reserved: int
    extents: tuple[Extent, ...] = ()
    format: int = FORMAT


class _Format(Struct):
    """What every format of the file has; one without it is of the first."""

    format: int = 1


class _Sealed(Struct, frozen=True):
    check: str
    state: msgspec.Raw


def load(directory: Path) -> State | None:
    """The state as last saved; None where there is none, or none that can be trusted. Raises ConfigError for another's format."""
    try:
        sealed = msgspec.json.decode((directory / NAME).read_bytes(), type=_Sealed)
        if xxhash.xxh3_64_hexdigest(bytes(sealed.state)) != sealed.check:
            return None
        judge(directory, msgspec.json.decode(sealed.state, type=_Format).format)
        return msgspec.json.decode(sealed.state, type=State)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def judge(directory: Path, written: int) -> None:
    """Raises ConfigError for a format that this program does not read; nothing of the journal was touched then."""
    if written > FORMAT:
        raise ConfigError(
            f"journal.path: {directory} is written in format {written} by a newer ingestd, this one reads up to {FORMAT}; "
            "install the newer one again, or give this one another journal.path"
        )
    if written < OLDEST:
        raise ConfigError(
            f"journal.path: {directory} is written in format {written}, this ingestd reads from {OLDEST} on; "
            "let the older one put everything into the store (it ends with 0), then give this one another journal.path"
        )


def save(directory: Path, state: State) -> None:
    """Replace the file as a whole, durably. Raises OSError; then the old one stands."""
    body = msgspec.json.encode(state)
    sealed = _Sealed(xxhash.xxh3_64_hexdigest(body), msgspec.Raw(body))
    fresh = directory / f"{NAME}.new"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(sealed))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(directory / NAME)
    sync_directory(directory)


def sync_directory(directory: Path) -> None:
    """Make names created, replaced or removed in it durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
