"""The file ``journal.json``: who the journal is, which positions may have been used, and what its segments must hold."""

import os
from pathlib import Path

import msgspec
import xxhash
from msgspec import Struct

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
    """``reserved``: all positions before it may have been used. ``extents`` in order, never overlapping."""

    uid: str
    reserved: int
    extents: tuple[Extent, ...] = ()


class _Sealed(Struct, frozen=True):
    check: str
    state: msgspec.Raw


def load(directory: Path) -> State | None:
    """The state as last saved; None where there is none, or none that can be trusted."""
    try:
        sealed = msgspec.json.decode((directory / NAME).read_bytes(), type=_Sealed)
        if xxhash.xxh3_64_hexdigest(bytes(sealed.state)) != sealed.check:
            return None
        return msgspec.json.decode(sealed.state, type=State)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None


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
