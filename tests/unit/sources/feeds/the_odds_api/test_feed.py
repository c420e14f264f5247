"""The feed over its emulator."""

import pytest

from ingestd.errors import Refused, Throttled
from ingestd.interfaces import Feed
from ingestd.model import WHOLE, Frame, Gap
from ingestd.sources import FEEDS
from ingestd.sources.kind import FeedOptions
from ingestd.testing.context import feed_context
from ingestd.testing.the_odds_api import KEY, Denial, TheOddsApiEmulator

KIND = FEEDS["the_odds_api"]


def feed(emulator: TheOddsApiEmulator, **told: object) -> Feed:
    """A source of it."""
    return KIND.build(KIND.options.model_validate({**emulator.options(), **told}), feed_context("odds"))


async def frames(one: Feed, count: int) -> list[Frame]:
    """The first few of a session."""
    found: list[Frame] = []
    async with one.connect("") as session:
        while len(found) < count:
            found += await session.read()
    return found


async def test_frames() -> None:
    """Each says its query, is an epoch by itself, and shows no key."""
    async with TheOddsApiEmulator() as emulator:
        found = await frames(feed(emulator), 8)
    assert found[0].kind == "opened"
    assert {"events/soccer_epl", "odds/soccer_epl", "scores/soccer_epl"} <= {frame.meta.get("key") for frame in found}
    assert all(frame.epoch for frame in found)
    assert KEY not in repr(found)


@pytest.mark.parametrize(
    ("denial", "kind", "reason"),
    [
        (Denial("sports", 401, "DEACTIVATED_KEY"), Refused, "deactivated_key"),
        (Denial("odds", 422, "INVALID_MARKET_COMBO"), Refused, "invalid_market_combo"),
        (Denial("odds", 401, "OUT_OF_USAGE_CREDITS"), Throttled, "quota"),
    ],
)
async def test_refusals(denial: Denial, kind: type[Refused | Throttled], reason: str) -> None:
    """End the session, by their own names and without the key."""
    async with TheOddsApiEmulator() as emulator:
        emulator.denials.append(denial)
        with pytest.raises(kind) as caught:
            await frames(feed(emulator), 99)
    assert str(caught.value).startswith(f"{reason}: ")
    assert KEY not in str(caught.value)


async def test_a_pause_is_kept_inside_the_session() -> None:
    """A 429 ends nothing."""
    async with TheOddsApiEmulator() as emulator:
        emulator.denials.append(Denial("odds", 429, "EXCEEDED_FREQ_LIMIT", {"retry-after": "1"}))
        assert "odds/soccer_epl" in {frame.meta.get("key") for frame in await frames(feed(emulator), 8)}
        assert emulator.asked["sports"] == 1


async def test_what_it_is() -> None:
    """Ordered; each answer is an epoch, so a fresh image of everything is never asked for; files are a series."""
    async with TheOddsApiEmulator() as emulator:
        one = feed(emulator)
        assert (one.time_rule, one.renewable, KIND.series, KIND.unit) == ("ordered", False, True, "document")
        assert list(one.decoder().broken("x")) == [Gap(WHOLE, "x")]
    with pytest.raises(TypeError):
        KIND.build(FeedOptions(), feed_context("odds"))
