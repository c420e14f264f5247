"""The web services beside the emulated stream."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from ingestd.testing.betfair import APP_KEY, SESSION, BetfairEmulator
from ingestd.testing.betfair_rest import PASSWORD, USERNAME


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[BetfairEmulator]:
    """Betfair on a free port."""
    async with BetfairEmulator(tmp_path) as server:
        yield server


async def post(
    emulator: BetfairEmulator, path: str, *, certified: bool = False, json: object = None, headers: dict[str, str] | None = None
) -> dict[str, object]:
    """A request with a name and a password as form, or with JSON."""
    tls = ssl.create_default_context(cafile=emulator.ca_file)
    if certified:
        tls.load_cert_chain(emulator.client_file)
    form = None if json else {"username": USERNAME, "password": PASSWORD}
    wanted = {"X-Application": APP_KEY, "X-Authentication": SESSION} | (headers or {})
    async with (
        aiohttp.ClientSession() as http,
        http.post(emulator.rest.url + path, data=form, json=json, headers=wanted, ssl=tls) as answer,
    ):
        found = await answer.json()
        return found if isinstance(found, dict) else {"list": found, "status": answer.status}


async def test_a_login_needs_certificate_and_key(emulator: BetfairEmulator) -> None:
    """Then it gives a session that the stream takes."""
    without = await post(emulator, "/api/certlogin")
    wrong = await post(emulator, "/api/certlogin", certified=True, headers={"X-Application": "x"})
    good = await post(emulator, "/api/certlogin", certified=True)
    assert [answer["loginStatus"] for answer in (without, wrong, good)] == ["CERT_AUTH_REQUIRED", "INVALID_APP_KEY", "SUCCESS"]
    assert good["sessionToken"] in emulator.sessions


async def test_a_login_can_be_made_to_fail(emulator: BetfairEmulator) -> None:
    """With any status."""
    emulator.rest.login_status = "ACCOUNT_NOW_LOCKED"
    assert await post(emulator, "/api/certlogin", certified=True) == {"loginStatus": "ACCOUNT_NOW_LOCKED"}


async def test_keeping_alive(emulator: BetfairEmulator) -> None:
    """Of a session that is."""
    good, bad = await post(emulator, "/api/keepAlive"), await post(emulator, "/api/keepAlive", headers={"X-Authentication": "x"})
    assert [(answer["status"], answer["error"]) for answer in (good, bad)] == [("SUCCESS", ""), ("FAIL", "NO_SESSION")]


async def test_the_catalogue_has_the_names(emulator: BetfairEmulator) -> None:
    """Of the markets asked for that it holds; within its weight."""
    emulator.rest.nameless.add("1.200000001")
    wanted = {"filter": {"marketIds": ["1.200000000", "1.200000001", "1.9"]}, "maxResults": 3}
    found = await post(emulator, "/listMarketCatalogue/", json=wanted)
    entries = found["list"]
    assert isinstance(entries, list)
    assert [(entry["marketId"], entry["event"]["name"], entry["runners"][0]["runnerName"]) for entry in entries] == [
        ("1.200000000", "Home 0 v Away 0", "Home 0")
    ]
    emulator.rest.weight_limit = 2
    assert "TOO_MUCH_DATA" in str(await post(emulator, "/listMarketCatalogue/", json=wanted))
    assert "INVALID_SESSION_INFORMATION" in str(
        await post(emulator, "/listMarketCatalogue/", json=wanted, headers={"X-Authentication": "x"})
    )
