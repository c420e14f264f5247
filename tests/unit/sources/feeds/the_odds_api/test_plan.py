"""What is asked for, and when."""

import json

from ingestd.errors import Disconnected, Finished, Throttled
from ingestd.sources.budget import Budget, Limit
from ingestd.sources.feeds.the_odds_api.options import TheOddsApiOptions
from ingestd.sources.feeds.the_odds_api.plan import OddsPlan
from ingestd.sources.http import Answer, opened
from ingestd.sources.transports.polling import Poll
from ingestd.testing.clock import VirtualClock

BASE = {"api_key": "sesame", "sports": ["soccer_epl"], "regions": ["eu", "uk"], "markets": ["h2h", "totals"]}
GONE = b'{"error_code":"EVENT_NOT_FOUND"}'


def plan_of(clock: VirtualClock, **told: object) -> tuple[OddsPlan, Budget]:
    """A plan with 500 credits."""
    budget = Budget("s", (Limit(amount=500, seconds=None),), clock)
    return OddsPlan(TheOddsApiOptions.model_validate({**BASE, **told}), budget, clock), budget


def said(body: object, status: int = 200, **headers: str) -> Answer:
    """An answer; bytes as they are."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=given, body=body if isinstance(body, bytes) else json.dumps(body).encode(), url="http://x")


def event(clock: VirtualClock, starts: int, **more: object) -> dict[str, object]:
    """Starts so many seconds from now."""
    return {"id": "e/1", "sport_key": "soccer_epl", "commence_time": clock.now() // 1_000_000 + starts, **more}


def polls(plan: OddsPlan, clock: VirtualClock) -> dict[str, Poll]:
    """By key."""
    return {poll.key: poll for poll in plan.polls(clock.now())}


def test_requests() -> None:
    """What they ask and cost; the key is not shown, the format always is."""
    clock = VirtualClock()
    plan, _ = plan_of(clock, scores=True, event_markets=["btts"])
    listing = polls(plan, clock)["events/soccer_epl"]
    assert set(polls(plan, clock)) == {"events/soccer_epl", "odds/soccer_epl"}
    plan.learn(listing, said([event(clock, -60)]), clock.now())
    found = polls(plan, clock)
    assert {key: poll.cost for key, poll in found.items()} == {
        "events/soccer_epl": 0, "odds/soccer_epl": 4, "scores/soccer_epl": 1, "odds/soccer_epl/e/1": 2,
    }  # fmt: skip
    shown = found["odds/soccer_epl/e/1"].request.shown
    assert shown == (
        "https://api.the-odds-api.com/v4/sports/soccer_epl/events/e%2F1/odds?regions=eu%2Cuk&markets=btts&oddsFormat=decimal&dateFormat=iso"
    )
    assert all("sesame" not in poll.request.shown and poll.request.secret_params == (("apiKey", "sesame"),) for poll in found.values())
    assert plan.next_page(listing, said([])) is None


def test_upcoming_has_no_events_but_a_sign_of_life() -> None:
    """The list of sports."""
    clock = VirtualClock()
    plan, _ = plan_of(clock, sports=["upcoming"], scores=True)
    assert set(polls(plan, clock)) == {"sports", "odds/upcoming"}
    assert plan.interval(plan.probe(clock.now()), clock.now()) == plan.listing == 600.0


def test_intervals_follow_the_kick_off() -> None:
    """Faster when it is near; an event that is listed no more is looked at soon."""
    clock = VirtualClock()
    plan, _ = plan_of(clock, event_markets=["btts"], credits=None)
    found = polls(plan, clock)
    plan.learn(found["events/soccer_epl"], said([event(clock, 30 * 86_400)]), clock.now())
    far = plan.interval(found["odds/soccer_epl"], clock.now())
    plan.learn(found["events/soccer_epl"], said([event(clock, 600)]), clock.now())
    assert plan.interval(found["odds/soccer_epl"], clock.now()) < far
    single = polls(plan, clock)["odds/soccer_epl/e/1"]
    plan.learn(found["events/soccer_epl"], said([]), clock.now())
    assert plan.interval(single, clock.now()) == 60.0


async def test_credits_are_the_providers() -> None:
    """Every answer says how many are left; used up, nothing is asked before the month renews."""
    clock = VirtualClock()
    plan, budget = plan_of(clock)
    odds = polls(plan, clock)["odds/soccer_epl"]
    async with opened(clock) as http:
        assert plan.judge(odds, said([], x_requests_used="480", x_requests_remaining="20"), http) is None
        assert budget.left == 20
        error = plan.judge(odds, said(b'{"error_code":"OUT_OF_USAGE_CREDITS"}', 401, x_requests_used="what"), http)
    assert isinstance(error, Throttled)
    assert error.seconds == (budget.renews_at - clock.now()) / 1_000_000


async def test_an_event_that_is_gone_is_told_twice_and_left_alone() -> None:
    """Both answers are frames, the third is the end."""
    clock = VirtualClock()
    plan, _ = plan_of(clock, event_markets=["btts"])
    plan.recall(["odds/soccer_epl/e/1", "odds/soccer_epl", "odds/other/e"], clock.now())
    single = polls(plan, clock)["odds/soccer_epl/e/1"]
    async with opened(clock) as http:
        found = [plan.judge(single, answer, http) for answer in (said(b"<html>"), said(GONE, 404), said(event(clock, 0)), said(GONE, 404))]
        assert (found[:3], isinstance(found[3], Finished)) == ([None] * 3, True)
    assert "odds/soccer_epl/e/1" not in polls(plan, clock)


async def test_a_web_page_is_no_proof_and_teaches_nothing() -> None:
    """The probe fails, and the events that are known stay known."""
    clock = VirtualClock()
    plan, _ = plan_of(clock, scores=True)
    listing = polls(plan, clock)["events/soccer_epl"]
    plan.learn(listing, said([event(clock, -60)]), clock.now())
    plan.learn(listing, said(b"<html>"), clock.now())
    scores = polls(plan, clock)["scores/soccer_epl"]
    async with opened(clock) as http:
        assert isinstance(plan.judge(plan.probe(clock.now()), said(b"<html>"), http), Disconnected)
        assert plan.judge(scores, said(b"<html>"), http) is None
    plan.learn(listing, said([]), clock.now())
    assert "scores/soccer_epl" in polls(plan, clock)
    plan.learn(scores, said([]), clock.now())
    assert "scores/soccer_epl" not in polls(plan, clock)
