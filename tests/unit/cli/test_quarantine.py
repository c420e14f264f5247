"""Quarantine in short and in full, from the command line."""

import asyncio
import json
from pathlib import Path

import pytest

from ingestd.cli import quarantine
from ingestd.cli.config import settings as read_settings
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, IngestdError
from ingestd.store import open_store
from ingestd.telemetry.redact import Redactor
from ingestd.testing.batches import World


async def refused(config: Path, count: int) -> list[int]:
    """Records of a journal that is gone."""
    place = read_settings(config).store
    store = open_store(place.url, place.schema_name, SystemClock())
    await store.prepare()
    world = World()
    await world.begin(store, "uid")
    batch = world.batch()
    batch.rejects += [world.reject(str(one), one, reason=f"bad\x1b[2J {one}", error="one\ntwo") for one in range(1, count + 1)]
    await store.write(batch)
    await store.close()
    return [reject.quarantine_id for reject in batch.rejects]


def listed(config: Path, capsys: pytest.CaptureFixture[str], *, state: str = "open", as_json: bool = False) -> str:
    """What list says of the two latest."""
    quarantine.list_(config, source="", category="", since="", state=state, limit=2, as_json=as_json)
    return capsys.readouterr().out


def test_list(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By kind; nothing where there is nothing."""
    ids = asyncio.run(refused(config, 3))
    lines = listed(config, capsys).splitlines()
    assert lines[0].startswith("demo  decode: malformed  3 records since 2023-11-14 22:13:20, last ")
    assert [line.split()[0] for line in lines[2:4]] == [str(ids[2]), str(ids[1])]
    assert lines[2].endswith("bad\\x1b[2J 3")
    found = json.loads(listed(config, capsys, as_json=True))
    assert (found["groups"][0]["records"], len(found["records"])) == (3, 2)
    assert listed(config, capsys, state="kept") == "no record: kept\n"
    with pytest.raises(ConfigError, match="--state: 'shut' is none"):
        listed(config, capsys, state="shut")


def test_show(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is known though the frame is gone; who is unknown is said."""
    (one,) = asyncio.run(refused(config, 1))
    quarantine.show(config, one, as_json=False)
    page = capsys.readouterr().out.splitlines()
    assert page[0] == f"{one}  open"
    assert "frame    position 1: no longer in the journal; it cannot be tried again" in page
    assert page[-2:] == ["error    one", "         two"]
    quarantine.show(config, one, as_json=True)
    assert json.loads(capsys.readouterr().out)["frame"] is None
    with pytest.raises(IngestdError, match="no record 7; ingestd quarantine list --state all"):
        quarantine.show(config, 7, as_json=False)


def test_the_beginning_of_a_payload() -> None:
    """Bytes that are no text are written out, and no part of a secret is left where it is cut."""
    redactor = Redactor()
    redactor.register(["s3cret-key"])
    assert quarantine.excerpt(b"\xff\x00 s3cret-key", redactor) == "\\xff\x00 ***"
    long = quarantine.excerpt(b"x" * (quarantine.EXCERPT - 4) + b"s3cret-key", redactor)
    assert long == "x" * (quarantine.EXCERPT - 4) + "***"
    assert len(quarantine.excerpt(b"x" * 9_999, redactor)) == quarantine.EXCERPT + 1
