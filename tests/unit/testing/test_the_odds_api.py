"""The emulated Odds API by itself."""

import aiohttp
import pytest

from ingestd.testing.emulator import Fault
from ingestd.testing.the_odds_api import KEY, TheOddsApiEmulator

ODDS = "/v4/sports/soccer_epl/odds"


async def ask(emulator: TheOddsApiEmulator, path: str, **query: str) -> tuple[int, dict[str, str], str]:
    """Status, headers, body."""
    async with aiohttp.ClientSession() as session, session.get(emulator.url + path, params={"apiKey": KEY, **query}) as answer:
        return answer.status, dict(answer.headers), await answer.text()


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/v4/sports", {"apiKey": ""}, 401, "MISSING_KEY"),
        ("/v4/sports", {"apiKey": "x"}, 401, "INVALID_KEY"),
        (ODDS, {}, 422, "MISSING_REGION"),
        (ODDS, {"regions": "mars"}, 422, "INVALID_REGION"),
        (ODDS, {"regions": "eu", "markets": "btts"}, 422, "INVALID_MARKET"),
        ("/v4/sports/chess/odds", {"regions": "eu"}, 404, "UNKNOWN_SPORT"),
        ("/v4/sports/soccer_epl/events/x/odds", {"regions": "eu"}, 404, "EVENT_NOT_FOUND"),
    ],
)
async def test_errors(path: str, query: dict[str, str], status: int, code: str) -> None:
    """In the provider's words, without headers of credits."""
    async with TheOddsApiEmulator() as emulator:
        found, headers, body = await ask(emulator, path, **query)
    assert (found, code in body, "x-requests-used" in headers) == (status, True, False)


async def test_credits() -> None:
    """Regions times markets; what is left must be enough, and being out of them is a 401."""
    async with TheOddsApiEmulator(credits=7) as emulator:
        _, headers, _ = await ask(emulator, ODDS, regions="eu,uk", markets="h2h,totals")
        assert (headers["x-requests-used"], headers["x-requests-remaining"], headers["x-requests-last"]) == ("4", "3", "4")
        status, _, body = await ask(emulator, ODDS, regions="eu,uk", markets="h2h,totals")
        assert (status, "OUT_OF_USAGE_CREDITS" in body) == (401, True)
        assert [(await ask(emulator, f"/v4/sports{path}"))[0] for path in ("", "/soccer_epl/events")] == [200, 200]


async def test_formats() -> None:
    """Whole American prices, Unix times, lay prices by themselves."""
    async with TheOddsApiEmulator() as emulator:
        _, _, body = await ask(emulator, ODDS, bookmakers="betfair_ex_uk", oddsFormat="american", dateFormat="unix")
    assert '"h2h_lay"' in body
    assert '"onebet"' not in body
    assert '"commence_time": 1' in body


@pytest.mark.parametrize("fault", ["duplicate", "reorder", "garbage"])
async def test_faults(fault: Fault) -> None:
    """At one answer; the next is right again."""
    async with TheOddsApiEmulator() as emulator:
        emulator.arm(2, fault)
        bodies = [(await ask(emulator, ODDS, regions="eu", markets="h2h"))[2] for _ in range(4)]
    assert (bodies[2] in bodies[:2]) == (fault != "garbage")
    assert bodies[3].startswith("[")


async def test_a_broken_connection() -> None:
    """Instead of an answer; the client library asks once more by itself, so both times it must break."""
    async with TheOddsApiEmulator() as emulator:
        emulator.arm(0, "reset")
        emulator.arm(1, "reset")
        with pytest.raises(aiohttp.ClientError):
            await ask(emulator, ODDS, regions="eu")
        assert emulator.asked["odds"] == 2
