"""What a machine must be for a recorder: disk, clock, port, limits, ways out. Each look says what is, and what is to be done."""

import asyncio
import ctypes
import os
import resource
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from pydantic import BaseModel

from ingestd.settings import HttpSettings, JournalSettings

MIB: Final = 2**20
SYNCS: Final = 20
SLOW_SYNC: Final = 0.020
"""Seconds beyond which making a group of frames durable costs more than a commit."""
FILES: Final = 1_024
"""Open files that tens of sources need."""
CONNECT_WITHIN: Final = 5.0
REMOTE: Final = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "glusterfs", "ceph", "lustre")
"""File systems whose locks and syncs are not what SQLite and the journal rely on."""
VOLATILE: Final = ("tmpfs", "ramfs")
UNSYNCHRONISED: Final = 0x40
"""STA_UNSYNC of adjtimex(2)."""
PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}

Verdict = Literal["ok", "warn", "fail"]


class Finding(Struct, frozen=True):
    """What was looked at, how it is, and, unless it is well, what to do."""

    subject: str
    verdict: Verdict
    text: str
    advice: str = ""


def there_now(folder: Path) -> Path:
    """A folder that is yet to be made, as far as it is there."""
    return next(part for part in (folder, *folder.parents) if part.exists())


def look_at_folder(subject: str, folder: Path, mounts: str) -> Iterator[Finding]:
    """A folder that is written to: there or to be made, ours, on a disk that keeps what is synced. ``mounts``: /proc/self/mounts."""
    there = there_now(folder).resolve()
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding(subject, "fail", f"{there} may not be written to", "change its owner, or choose another place")
        return
    kind = filesystem(there, mounts)
    if kind in REMOTE:
        yield Finding(
            subject, "fail", f"{there} lies on {kind}, over a network", "use a local disk: locks and syncs are not reliable there"
        )
    elif kind in VOLATILE:
        yield Finding(
            subject, "warn", f"{there} lies in memory ({kind})", "use a disk: nothing of it is left after a restart of the machine"
        )
    else:
        yield Finding(subject, "ok", f"{there} can be written to")


def filesystem(path: Path, mounts: str) -> str:
    """The kind of the file system that a path lies on; of several mounts on one place the last counts."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        _, place, found, *_ = line.split(" ")
        point = Path(place.encode().decode("unicode_escape"))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), found
    return kind


def look_at_room(journal: JournalSettings, free: int) -> Finding:
    """Whether the journal can grow to its limit. ``free`` in bytes."""
    said = (
        f"{free // MIB:,} MiB free for a journal of up to {journal.limit // MIB:,} MiB, {journal.reserve // MIB:,} MiB left for the store"
    )
    if free < journal.reserve:
        return Finding("disk", "fail", said, "free some space, or lower journal.reserve: nothing would be read")
    if free < journal.limit + journal.reserve:
        return Finding("disk", "warn", said, "free some space, or lower journal.limit: a long outage of the store would fill the disk")
    return Finding("disk", "ok", said)


def look_at_syncs(folder: Path) -> Finding:
    """How long it takes until a block is on the disk: the median of a few."""
    probe = there_now(folder) / ".ingestd-doctor"
    took = []
    with probe.open("wb", buffering=0) as file:
        try:
            for _ in range(SYNCS):
                file.write(bytes(4096))
                began = time.perf_counter()
                os.fsync(file.fileno())
                took.append(time.perf_counter() - began)
        finally:
            probe.unlink()
    median = sorted(took)[SYNCS // 2]
    said = f"a sync takes {median * 1_000:.1f} ms"
    if median > SLOW_SYNC:
        return Finding("sync", "warn", said, "use a faster disk: every group of frames waits that long before it is believed")
    return Finding("sync", "ok", said)


def look_at_clock() -> Finding:
    """Whether the kernel's clock is kept by anybody (adjtimex(2)); every row has times of it."""
    buffer = ctypes.create_string_buffer(512)
    if ctypes.CDLL(None, use_errno=True).adjtimex(buffer) < 0:
        return Finding("clock", "warn", "nobody can say whether the clock is kept", "make sure that it is (chrony, systemd-timesyncd)")
    # after modes, offset, freq, maxerror and esterror
    status = ctypes.cast(ctypes.byref(buffer, 5 * ctypes.sizeof(ctypes.c_long)), ctypes.POINTER(ctypes.c_int))[0]
    if status & UNSYNCHRONISED:
        return Finding("clock", "warn", "nothing keeps the clock", "start chrony or systemd-timesyncd: prices are stamped by it")
    return Finding("clock", "ok", "the clock is kept")


def look_at_port(http: HttpSettings) -> Finding:
    """Whether health and metrics can listen where they are to."""
    place = f"{http.host}:{http.port}"
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    with socket.socket(family) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((http.host, http.port))
        except OSError as error:
            return Finding(
                "port", "fail", f"{place}: {os.strerror(error.errno or 0)}", "stop what listens there (a daemon?), or set http.port"
            )
    return Finding("port", "ok", f"{place} is free")


def look_at_limits() -> Finding:
    """Open files that this user may have."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < FILES:
        return Finding("limits", "warn", f"{files} open files are allowed", f"raise it to {FILES} or more (ulimit -n, LimitNOFILE)")
    return Finding("limits", "ok", f"{files:,} open files are allowed")


def ways_out(options: Mapping[str, BaseModel]) -> list[tuple[str, str, int]]:
    """Source, host and port of every address in the sources' options, each once."""
    found: dict[tuple[str, str, int], None] = {}
    for source, one in options.items():
        for text in _texts(one.model_dump(mode="json")):
            parts = urlsplit(text)
            if parts.scheme in PORTS and parts.hostname:
                found[source, parts.hostname, parts.port or PORTS[parts.scheme]] = None
    return list(found)


async def look_outside(source: str, host: str, port: int) -> Finding:
    """Whether a provider can be reached: its name, and a connection."""
    subject, place = f"source {source}", f"{host}:{port}"
    try:
        async with asyncio.timeout(CONNECT_WITHIN):
            _, writer = await asyncio.open_connection(host, port)
    except socket.gaierror:
        return Finding(subject, "fail", f"{host} has no address here", "is the name right, and does this machine have DNS?")
    except (OSError, TimeoutError) as error:
        why = str(error) or f"no answer within {CONNECT_WITHIN:.0f} s"
        return Finding(subject, "fail", f"{place} cannot be reached: {why}", "is there a firewall or a proxy in the way?")
    writer.close()
    return Finding(subject, "ok", f"{place} can be reached")


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)
