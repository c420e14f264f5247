"""Errors to Sentry: the real SDK, and a server on this machine that receives its envelopes."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from pydantic import SecretStr

from ingestd.settings import LogSettings, SentrySettings
from ingestd.telemetry import Reporter, build_reporter
from ingestd.telemetry.sentry import BREADCRUMBS, FLUSH, MOST
from tests.unit.telemetry.conftest import StillClock

pytestmark = pytest.mark.usefixtures("root_logger")
Event = dict[str, object]


class Receiver:
    """Takes what is sent, or lets everybody wait until ``hangs`` is set."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.asked = 0
        self.hangs: asyncio.Event | None = None
        self.status = 200

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked += 1
        if self.hangs is not None:
            await self.hangs.wait()
        self.bodies.append(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
        return web.json_response({}, status=self.status)

    @property
    def events(self) -> list[dict[str, object]]:
        """The events of all envelopes."""
        found = []
        for body in self.bodies:
            lines = body.split(b"\n")
            for header, item in zip(lines[1::2], lines[2::2], strict=False):
                if header and json.loads(header).get("type") == "event":
                    found.append(json.loads(item))
        return found


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Receiver, str]]:
    """A receiver and its DSN."""
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/api/7/envelope/", receiver.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield receiver, f"http://publickey@{host}:{port}/7"
    finally:
        await runner.cleanup()


def reporting(dsn: str, clock: StillClock) -> Reporter:
    """A reporter with Sentry, that knows a secret."""
    reporter = build_reporter(LogSettings(level="error"), clock, terminal=False)
    reporter.hide(["hunter2", dsn])
    reporter.report_to(SentrySettings(dsn=SecretStr(dsn), environment="test"))
    return reporter


async def test_events(clock: StillClock) -> None:
    """Errors only, grouped by area and code, with the facts before them; no secret, no host, no local variable."""
    async with listening() as (receiver, dsn):
        reporter = reporting(dsn, clock)
        with reporter.bound(run="abc", job="live"):
            reporter.fact("batch.committed", rows=3, position=4711)
            reporter.fact("source.disconnected", source="a", reason="closed", detail="hunter2")
            reporter.fact("source.parked", source="a", reason="key", detail="hunter2 at https://u:pw@host/x")
        reporter.fact("source.parked", source="b", reason="key")
        await reporter.close()
    first, second = receiver.events
    assert (first["message"], first["level"], first["logger"]) == (
        "a is parked until somebody acts: key: *** at https://***@host/x",
        "error",
        "ingestd.source",
    )
    assert first["fingerprint"] == second["fingerprint"] == ["source", "parked:key"]
    assert first["tags"] == {"area": "source", "code": "parked:key", "source": "a"}
    assert (first["environment"], str(first["release"]).split("@")[0], first.get("server_name")) == ("test", "ingestd", "")
    crumbs = list(first["breadcrumbs"]["values"])  # type: ignore[index]
    assert [(crumb["category"], crumb["data"].get("position")) for crumb in crumbs] == [
        ("batch.committed", 4711),
        ("source.disconnected", None),
    ]
    assert {"user", "request", "modules"} & first.keys() == set()
    assert b"hunter2" not in b"".join(receiver.bodies)


async def test_exceptions(clock: StillClock) -> None:
    """With their frames, and what they say without secrets."""

    def fail() -> None:
        local = "a local variable"
        raise RuntimeError(f"hunter2 {len(local)}")

    async with listening() as (receiver, dsn):
        reporter = reporting(dsn, clock)
        try:
            fail()
        except RuntimeError as error:
            reporter.failed("daemon.failed", error)
        await reporter.close()
    (event,) = receiver.events
    (told,) = event["exception"]["values"]  # type: ignore[index]
    assert (told["type"], told["value"]) == ("RuntimeError", "*** 16")
    assert told["stacktrace"]["frames"][-1]["function"] == "fail"
    assert "vars" not in told["stacktrace"]["frames"][-1]
    assert event["fingerprint"] == ["daemon", "failed:RuntimeError"]
    assert b"hunter2" not in b"".join(receiver.bodies)


@pytest.mark.parametrize("trouble", ["hangs", "refuses", "is gone"])
async def test_a_server_that_fails(clock: StillClock, trouble: str) -> None:
    """Nobody waits for it: not who speaks, and the end no longer than its deadline."""
    async with listening() as (receiver, dsn):
        receiver.hangs = asyncio.Event() if trouble == "hangs" else None
        receiver.status = 503 if trouble == "refuses" else 200
        reporter = reporting(dsn if trouble != "is gone" else "http://publickey@127.0.0.1:9/7", clock)
        for number in range(5):
            reporter.fact("source.parked", source=str(number), reason="key")
        began = asyncio.get_running_loop().time()
        await reporter.close()
        assert asyncio.get_running_loop().time() - began < FLUSH + 3
        if receiver.hangs is not None:
            receiver.hangs.set()


async def test_a_flood_of_errors(clock: StillClock) -> None:
    """So many in a minute and no more; in the next minute it goes on."""
    async with listening() as (receiver, dsn):
        reporter = reporting(dsn, clock)
        for number in range(MOST + 20):
            reporter.fact("source.parked", source=str(number), reason="key")
        clock.seconds += 60
        reporter.fact("source.parked", source="later", reason="key")
        await reporter.close()
    assert len(receiver.events) == MOST + 1


async def test_breadcrumbs_are_bounded(clock: StillClock) -> None:
    """The newest stay."""
    async with listening() as (receiver, dsn):
        reporter = reporting(dsn, clock)
        for number in range(3 * BREADCRUMBS):
            reporter.fact("batch.committed", rows=1, position=number)
        reporter.fact("source.parked", source="a", reason="key")
        await reporter.close()
    (event,) = receiver.events
    crumbs = event["breadcrumbs"]["values"]  # type: ignore[index]
    assert (len(crumbs), crumbs[-1]["data"]["position"]) == (BREADCRUMBS, 3 * BREADCRUMBS - 1)


async def test_what_sending_says_is_not_sent(clock: StillClock) -> None:
    """Else a server that fails would be told so for ever."""
    async with listening() as (receiver, dsn):
        reporter = reporting(dsn, clock)
        reporter.fact("library.failed", library="sentry_sdk.errors", error="x")
        reporter.fact("library.failed", library="urllib3.connectionpool", error="x")
        await reporter.close()
    assert receiver.bodies == []


async def test_none(clock: StillClock) -> None:
    """Without a DSN nothing is loaded or sent."""
    reporter = build_reporter(LogSettings(level="error"), clock, terminal=False)
    reporter.report_to(SentrySettings())
    assert reporter._sentry is None
