"""The session token: got, kept alive, renewed."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from ingestd.errors import Disconnected, IngestdError, Refused, Throttled
from ingestd.sources.feeds.betfair.feed import BetfairFeed
from ingestd.sources.feeds.betfair.login import Login
from ingestd.sources.http import Http
from ingestd.testing.betfair import BetfairEmulator
from ingestd.testing.betfair_rest import PASSWORD, USERNAME

MakeFeed = Callable[[dict[str, object]], BetfairFeed]


@pytest.fixture
async def http(feed: BetfairFeed) -> AsyncIterator[Http]:
    """The feed's own client."""
    async with feed.web() as client:
        yield client


@pytest.fixture
def feed(emulator: BetfairEmulator, make_feed: MakeFeed) -> BetfairFeed:
    """With a certificate, a name and a password; the session is prolonged every 30 ms."""
    wanted: dict[str, object] = {
        "session_token": None,
        "username": USERNAME,
        "password": PASSWORD,
        "cert_file": emulator.client_file,
        "keep_alive_seconds": 0.03,
    }
    return make_feed(wanted)


@pytest.fixture
def login(feed: BetfairFeed) -> Login:
    """The feed's own."""
    return feed._login


async def test_one_login_is_enough(emulator: BetfairEmulator, login: Login, http: Http) -> None:
    """Until the token is refused."""
    assert [await login.token(http), await login.token(http)] == ["session-1", "session-1"]
    assert login.expire("some other token") is True
    assert await login.token(http) == "session-1"
    assert login.expire("session-1") is True
    assert await login.token(http) == "session-2"


@pytest.mark.parametrize(
    ("status", "error"),
    [("INVALID_USERNAME_OR_PASSWORD", Refused), ("TEMPORARY_BAN_TOO_MANY_REQUESTS", Throttled), ("INTERNAL_ERROR", Disconnected)],
)
async def test_a_failed_login_says_what_to_do(
    emulator: BetfairEmulator, login: Login, http: Http, status: str, error: type[IngestdError]
) -> None:
    """And never says the password."""
    emulator.rest.login_status = status
    with pytest.raises(error) as failed:
        await login.token(http)
    assert PASSWORD not in str(failed.value)


async def test_a_login_needs_the_certificate(emulator: BetfairEmulator, make_feed: MakeFeed, http: Http) -> None:
    """It goes by the name and password only in the company of it."""
    login = make_feed({"session_token": None, "username": USERNAME, "password": "wrong", "cert_file": emulator.client_file})._login
    with pytest.raises(Refused, match=r"INVALID_USERNAME_OR_PASSWORD.*check username and password"):
        await login.token(http)


@pytest.mark.parametrize(("status", "error"), [(503, Disconnected), (403, Refused), (200, Disconnected)])
async def test_a_login_page_that_is_none(
    emulator: BetfairEmulator, login: Login, http: Http, status: int, error: type[IngestdError]
) -> None:
    """Down, forbidden, or HTML."""
    emulator.rest.http_status = status
    with pytest.raises(error):
        await login.token(http)


async def test_the_session_is_prolonged(emulator: BetfairEmulator, login: Login, http: Http) -> None:
    """Again and again, also after a failure."""
    await login.token(http)
    keeping = asyncio.create_task(login.keep_alive(http))
    async with asyncio.timeout(5):
        while emulator.rest.keep_alives < 2:
            await asyncio.sleep(0.01)
        emulator.rest.http_status = 503
        while emulator.rest.keep_alives < 4:
            await asyncio.sleep(0.01)
        emulator.rest.http_status = 0
        assert await login.token(http) == "session-1"
        emulator.sessions.clear()
        while await login.token(http) == "session-1":
            await asyncio.sleep(0.01)
    keeping.cancel()
    assert emulator.rest.logins == 2


async def test_a_given_token_cannot_be_renewed(make_feed: MakeFeed, http: Http) -> None:
    """It is tried again as it is, by whoever connects next."""
    login = make_feed({"session_token": "given"})._login
    assert (login.expire("given"), await login.token(http)) == (False, "given")
