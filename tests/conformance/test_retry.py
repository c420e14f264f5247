"""What was refused, retried with code that takes it, leaves the facts that this code would have left at first: every feed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingestd.sources import FEEDS
from ingestd.testing.digest import FACTS, Fact, facts
from ingestd.testing.outdated import FAULTS, Fault, outdated
from ingestd.testing.rig.daemon import SCHEMA
from tests.conformance.conftest import trial

KEPT = ("coverage", "market_flags")
"""What was known when, and what was on show, stays as it was recorded."""
RETOLD = dict.fromkeys(("events", "event_links", "results", "markets"), ("changed_at=", "seq=", "started_at=", "started_by="))
"""What was told again after it was refused stays as the later telling left it: when that was, and when an event was seen to start."""
COMPARED = [name for name in FACTS if name not in KEPT]


@contextmanager
def outdated_feed(feed: str, fault: Fault) -> Iterator[None]:
    """Within it, the feed is read as it was before."""
    with pytest.MonkeyPatch.context() as patch:
        # three bugs in a row would park the source
        patch.setitem(FEEDS, feed, outdated(FEEDS[feed], fault, one_in=12 if fault == "crash" else 5))
        yield


def unlike(table: str, got: list[Fact], wanted: list[Fact], *, live: bool) -> list[str]:
    """What is there and should not be (+), what is not there (-); what no live run ever held waits until it is told again."""
    if table in RETOLD:
        got, wanted = ([tuple(word for word in fact if not word.startswith(RETOLD[table])) for fact in one] for one in (got, wanted))
    surplus, lacking = set(got) - set(wanted), set(wanted) - set(got)
    # an event that the old reading named by an id alone, before it was told whose it is, stays a name
    surplus = {fact for fact in surplus if table not in ("events", "event_links") or "name=''" not in fact}
    if live and table == "odds":
        held = {fact[0] for fact in got}
        lacking = {fact for fact in lacking if fact[0] in held or not on_offer(fact)}
    told = [(fact, "+") for fact in surplus] + [(fact, "-") for fact in lacking]
    return [f"{table} {sign} {' '.join(fact)}" for fact, sign in sorted(told)]


def on_offer(fact: Fact) -> bool:
    """Of a row of ``odds``."""
    return bool({"own_status='open'", "own_status='suspended'"} & set(fact))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("feed", FEEDS)
async def test_retried(feed: str, fault: Fault, tmp_path: Path, empty: Path, store_url: str) -> None:
    """The daemon's own store, and one that was rebuilt with the old code; the second time nothing is left to try."""
    async with trial(feed, tmp_path / "live", empty) as (emulator, tried):
        with outdated_feed(feed, fault):
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
