"""What the doctor looks at."""

import asyncio
import resource
import socket
from pathlib import Path

import pytest
from pydantic import BaseModel

from ingestd.app.machine import (
    FILES,
    SLOW_SYNC,
    filesystem,
    look_at_clock,
    look_at_folder,
    look_at_limits,
    look_at_port,
    look_at_room,
    look_at_syncs,
    look_outside,
    ways_out,
)
from ingestd.settings import HttpSettings, JournalSettings

GIB = 2**30
MOUNTS = """/dev/a / ext4 rw 0 0
server:/x /mnt/far nfs4 rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/b /mnt/a\\040b xfs rw 0 0
/dev/c /mnt/far/near ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/x", "ext4"),
        ("/mnt/far/x", "nfs4"),
        ("/mnt/far/near/x", "ext4"),
        ("/run", "tmpfs"),
        ("/mnt/a b/c", "xfs"),
        ("/mnt/farther", "ext4"),
    ],
)
def test_the_nearest_mount_counts(path: str, kind: str) -> None:
    """By whole names of folders, a blank written as systems write it."""
    assert filesystem(Path(path), MOUNTS) == kind


@pytest.mark.parametrize(("kind", "verdict"), [("ext4", "ok"), ("nfs4", "fail"), ("tmpfs", "warn")])
def test_a_folder_by_what_it_lies_on(kind: str, verdict: str, tmp_path: Path) -> None:
    """Also one that is yet to be made."""
    (found,) = look_at_folder("journal", tmp_path / "a" / "b", f"x {tmp_path} {kind} rw 0 0\n")
    assert (found.verdict, kind in found.text) == (verdict, verdict != "ok")


def test_a_folder_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said, with what to do."""
    # root may write everywhere
    monkeypatch.setattr("ingestd.app.machine.os.access", lambda *_: False)
    (found,) = look_at_folder("journal", tmp_path / "a", "")
    assert (found.verdict, "owner" in found.advice) == ("fail", True)


@pytest.mark.parametrize(("free", "verdict"), [(20 * GIB, "ok"), (5 * GIB, "warn"), (GIB // 2, "fail")])
def test_room(free: int, verdict: str) -> None:
    """For the journal at its limit; for anything at all."""
    assert look_at_room(JournalSettings(limit=10 * GIB, reserve=GIB), free).verdict == verdict


def test_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured on the disk in question, which is left as it was; a slow one is said to be."""
    assert " ms" in look_at_syncs(tmp_path).text
    assert list(tmp_path.iterdir()) == []
    ticks = iter(range(1_000))
    monkeypatch.setattr("ingestd.app.machine.time.perf_counter", lambda: next(ticks) * SLOW_SYNC * 2)
    assert look_at_syncs(tmp_path).verdict == "warn"


def test_the_clock() -> None:
    """The kernel's answer, whichever."""
    assert "clock" in look_at_clock().text


def test_a_port() -> None:
    """Free, then taken."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        http = HttpSettings(host="127.0.0.1", port=server.getsockname()[1])
        taken = look_at_port(http)
    assert (taken.verdict, "http.port" in taken.advice) == ("fail", True)
    assert look_at_port(http).verdict == "ok"


def test_limits() -> None:
    """Few open files are too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES // 2, hard))
    try:
        assert look_at_limits().verdict == "warn"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert look_at_limits().verdict == ("ok" if soft >= FILES else "warn")


class Inner(BaseModel):
    """Options in options."""

    url: str = "wss://stream.example.org/feed"


class Options(BaseModel):
    """Of a source."""

    rest: str = "http://127.0.0.1:81/v1"
    inner: Inner = Inner()
    many: list[str] = ["https://example.org/a", "https://example.org/b", "no address"]


def test_ways_out() -> None:
    """Every address, however deep, each host and port once."""
    assert ways_out({"s": Options()}) == [("s", "127.0.0.1", 81), ("s", "stream.example.org", 443), ("s", "example.org", 443)]


async def test_outside() -> None:
    """Reached, refused, and not to be found."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert (await look_outside("s", "127.0.0.1", port)).verdict == "ok"
    server.close()
    await server.wait_closed()
    refused = await look_outside("s", "127.0.0.1", port)
    assert (refused.verdict, str(port) in refused.text) == ("fail", True)
    assert "DNS" in (await look_outside("s", "nowhere.invalid", 1)).advice
