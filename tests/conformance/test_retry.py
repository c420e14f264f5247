"""What was refused, retried with code that takes it, leaves the facts that this code would have left at first: every feed, either database."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import xxhash
from msgspec import structs
from pydantic import BaseModel

from ingestd.errors import Malformed
from ingestd.interfaces import Decoder, Feed
from ingestd.model import Decoded, Frame, Quote, Reject
from ingestd.sources import FEEDS
from ingestd.sources.kind import FeedContext
from ingestd.testing.digest import FACTS, Fact, facts
from ingestd.testing.rig.daemon import SCHEMA
from tests.conformance.conftest import trial

KEPT = ("coverage", "market_flags")
"""What was known when, and what was on show, stays as it was recorded."""
RETOLD = ("event_links", "results", "markets")
"""What was told again after it was refused keeps the time of the later telling."""
COMPARED = [name for name in FACTS if name not in KEPT]


class Old:
    """A decoder as it was before something was mended: it refuses some prices, or some messages whole."""

    def __init__(self, inner: Decoder, fault: str) -> None:
        self._inner = inner
        self._fault = fault

    @property
    def counts(self) -> Mapping[str, int]:
        """The provider's own units."""
        return self._inner.counts

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """What it makes of a frame."""
        if self._fault == "message" and frame.kind == "data" and not frame.epoch and _some(frame.payload, 5):
            raise Malformed("shape", "not known yet")
        if self._fault == "crash" and frame.kind == "data" and not frame.epoch and _some(frame.payload, 7):
            raise ZeroDivisionError("not thought of yet")
        return [self._priced(index, item) for index, item in enumerate(self._inner(frame))]

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """As ever."""
        return self._inner.broken(reason, frame)

    def _priced(self, index: int, item: Decoded) -> Decoded:
        if self._fault == "price" and isinstance(item, Quote) and item.price is not None and _some(repr(item.price).encode(), 4):
            return Reject(stage="decode", category="price", reason="not known yet", path=f"price[{index}]")
        return item


def _some(said: bytes, of: int) -> bool:
    return xxhash.xxh3_64_intdigest(said) % of == 0


@contextmanager
def old(feed: str, fault: str) -> Iterator[None]:
    """Within it, the feed is read as it was before."""
    kind = FEEDS[feed]

    class OldFeed:
        def __init__(self, inner: Feed) -> None:
            self._inner = inner
            self.time_rule, self.silence_limit, self.renewable = inner.time_rule, inner.silence_limit, inner.renewable
            self.connect = inner.connect

        def decoder(self) -> Decoder:
            return Old(self._inner.decoder(), fault)

    def build(options: BaseModel, context: FeedContext) -> Feed:
        return OldFeed(kind.build(options, context))  # type: ignore[arg-type] # as it stands in FEEDS

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FEEDS, feed, structs.replace(kind, build=build))  # type: ignore[arg-type] # FEEDS is a plain dict
        yield


def unlike(table: str, got: list[Fact], wanted: list[Fact], *, live: bool) -> list[str]:
    """What is there and should not be (+), what is not there (-); what no live run ever held waits until it is told again."""
    if table in RETOLD:
        got, wanted = (
            [tuple(word for word in fact if not word.startswith(("changed_at=", "seq="))) for fact in one] for one in (got, wanted)
        )
    surplus, lacking = set(got) - set(wanted), set(wanted) - set(got)
    if live and table == "odds":
        held = {fact[0] for fact in got}
        lacking = {fact for fact in lacking if fact[0] in held or not on_offer(fact)}
    told = [(fact, "+") for fact in surplus] + [(fact, "-") for fact in lacking]
    return [f"{table} {sign} {' '.join(fact)}" for fact, sign in sorted(told)]


def on_offer(fact: Fact) -> bool:
    """Of a row of ``odds``."""
    return bool({"own_status='open'", "own_status='suspended'"} & set(fact))


@pytest.mark.parametrize("fault", ["price", "message", "crash"])
@pytest.mark.parametrize("feed", FEEDS)
async def test_retried(feed: str, fault: str, tmp_path: Path, empty: Path, store_url: str) -> None:
    """The daemon's own store, and one that was rebuilt with the old code; the second time nothing is left to try."""
    async with trial(feed, tmp_path / "live", empty) as (emulator, tried):
        with old(feed, fault):
            async with tried.life() as one:
                await emulator.play()
                await one.loaded()
            await tried.replay(store_url)
        right = f"sqlite:///{tmp_path / 'right.db'}"
        await tried.replay(right)
        wanted = await facts(right, SCHEMA, COMPARED)
        for url in (store_url, tried.store):
            found = await tried.retry(url)
            assert {one.fate for one in found} <= {"taken"}, [one.why for one in found if one.fate != "taken"]
            got = await facts(url, SCHEMA, COMPARED)
            assert [line for name in COMPARED for line in unlike(name, got[name], wanted[name], live=url == tried.store)] == []
            assert await tried.retry(url) == []
