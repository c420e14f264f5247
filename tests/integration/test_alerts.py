"""Alerts of a real daemon to real receivers: a provider that goes and comes back, a store that is away, channels that are down."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.server import Exchange
from ingestd.testing.rig.daemon import daemon, following, until

RULES = {"source_down": {"for": "0.3s"}, "store_not_committing": {"threshold": 0.5}}
ALERTS: dict[str, object] = {"interval": "100ms", "group": "100ms", "cool_down": "500ms", "name": "odds", "rules": RULES}


class Taken(list[dict[str, object]]):
    """What a receiver of webhooks got."""

    def said(self, rule: str, status: str) -> bool:
        """Whether it was told so."""
        return any((one["rule"], one["status"]) == (rule, status) for one in self)


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Taken, str]]:
    """A receiver, and its URL."""
    taken = Taken()

    async def take(request: web.Request) -> web.Response:
        taken.append(json.loads(await request.read()))
        return web.Response()

    application = web.Application()
    application.router.add_post("/hook", take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield taken, f"http://{host}:{port}/hook"
    finally:
        await runner.cleanup()


async def test_a_provider_that_goes_and_comes_back(tmp_path: Path) -> None:
    """Told when it goes and when it is back, over the channel that works; another that is down holds up nothing."""
    offered = Exchange(Options(clock="wall", rate=50, heartbeat=0.2))
    async with receiving() as (taken, hook), daemon(tmp_path, {}) as process:
        async with offered.listening("127.0.0.1", 0) as url:
            port = int(url.rsplit(":", 1)[1].split("/")[0])
            alerts = {**ALERTS, "webhook": {"url": hook}, "slack": {"webhook": "http://127.0.0.1:9/s3cr3t/T0/B0"}}
            settings = {**process.settings, **following(f"sqlite:///{tmp_path / 'odds.db'}", url), "alerts": alerts}
            process.config.write_text(json.dumps(settings))
            await process.start()

            async def live() -> bool:
                return process.said("source.connected")

            await until(live, "the source is live")

        async def down() -> bool:
            return taken.said("source_down", "firing")

        await until(down, "it is told that the source is down")
        async with Exchange(Options(clock="wall", rate=50, heartbeat=0.2)).listening("127.0.0.1", port):

            async def back() -> bool:
                return taken.said("source_down", "resolved")

            await until(back, "it is told that it is back", 90)
            metrics = await process.metrics()
        assert metrics['alerts_total{channel="webhook",outcome="delivered"}'] >= 2
        assert metrics['alerts_total{channel="slack",outcome="failed"}'] >= 1
        assert await process.stop() == 0
        first = taken[0]
        assert str(first["subject"]).startswith("[odds] ERROR source_down: exchange is not connected")
        assert first["runbook"] == "docs/runbook.md#source_down"
        assert "s3cr3t" not in "\n".join(process.lines())


async def test_a_store_that_is_away(tmp_path: Path) -> None:
    """From the first moment on: recording goes on, and somebody is told."""
    offered = Exchange(Options(clock="wall", rate=50, heartbeat=0.2))
    async with receiving() as (taken, hook), offered.listening("127.0.0.1", 0) as url:
        settings = {**following("postgresql://nobody@127.0.0.1:9/none", url), "alerts": {**ALERTS, "webhook": {"url": hook}}}
        settings["shutdown"] = {"deadline": "1s"}
        async with daemon(tmp_path, settings) as process:
            await process.start()

            async def told() -> bool:
                return taken.said("store_not_committing", "firing")

            await until(told, "it is told that nothing is committed")
            assert await process.stop() == 1
    assert taken[0]["severity"] == "critical"
