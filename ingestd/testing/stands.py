"""How prices stand in a store beside how they stand at the provider."""

from collections.abc import Iterable, Mapping
from math import isclose
from typing import Final

from msgspec import Struct
from sqlalchemy import text

from ingestd.store.connect import reader_engine, target
from ingestd.store.warm import reading
from ingestd.testing.emulator import Key, Stand
from ingestd.testing.rig.daemon import SCHEMA

ON_OFFER: Final = frozenset(("open", "suspended"))
CLOSED: Final = frozenset(("settled", "void"))
PRECISION: Final = 1e-9
_NOW: Final = text("SELECT source_market_id, outcome, side, line, bookmaker, price, status FROM current_odds WHERE source = :source")


class Shown(Struct, frozen=True):
    """A price as a store shows it, with everything that may be a part of its key."""

    key: Key
    stand: Stand


async def shown(url: str, source: str) -> list[Shown]:
    """Every price of a source as it is now. Raises StoreUnavailable."""
    engine = reader_engine(target(url, SCHEMA))
    try:
        async with reading(engine) as db:
            rows = (await db.execute(_NOW, {"source": source})).all()
    finally:
        await engine.dispose()
    return [Shown(Key(*key), Stand(price, status)) for *key, price, status in rows]


def differences(truth: Mapping[Key, Stand], found: Iterable[Shown], *, disturbed: bool = False) -> list[str]:
    """What a store says that is not so, lacks, or has twice; empty where all is well.

    ``disturbed``: what came and went while nobody listened may be missing, and what was settled meanwhile may be withdrawn, no more: most
    providers list neither afterwards.
    """
    told: list[str] = []
    seen: dict[Key, Stand] = {}
    for one in found:
        key = _known(one.key, truth)
        if key is None:
            told.append(f"{_words(one.key)}: nobody offers it, stored as {one.stand}")
        elif key in seen:
            told.append(f"{_words(key)}: stored twice, as {seen[key]} and {one.stand}")
        else:
            seen[key] = one.stand
            if not _same(truth[key], one.stand, disturbed=disturbed):
                told.append(f"{_words(key)}: is {truth[key]}, stored as {one.stand}")
    missing = (key for key in truth if key not in seen)
    told += [f"{_words(key)}: is {truth[key]}, not stored" for key in missing if not disturbed or truth[key].status in ON_OFFER]
    return told


def _known(key: Key, truth: Mapping[Key, Stand]) -> Key | None:
    """The key under which the provider offers it: with or without line, with or without bookmaker."""
    for line in (key.line, None):
        for bookmaker in (key.bookmaker, ""):
            wanted = Key(key.source_market_id, key.outcome, key.side, line, bookmaker)
            if wanted in truth:
                return wanted
    return None


def _same(truth: Stand, found: Stand, *, disturbed: bool) -> bool:
    if truth.status != found.status:
        return disturbed and truth.status in CLOSED and found.status == "withdrawn"
    if truth.status != "open" or truth.price == found.price:
        return True
    return truth.price is not None and found.price is not None and isclose(truth.price, found.price, rel_tol=PRECISION)


def _words(key: Key) -> str:
    line = "" if key.line is None else f" {key.line:g}"
    return f"{key.source_market_id} {key.outcome}{line} {key.side} {key.bookmaker}".rstrip()
