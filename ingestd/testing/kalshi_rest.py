"""The web service beside the emulated stream: events, markets, pages; it can be told to fail."""

from typing import Final

from aiohttp import web
from pydantic import JsonValue

from ingestd.testing.deeds import Deeds
from ingestd.testing.kalshi_world import EVENT, SERIES, Json, Market, World, dollars

PREFIX: Final = "/trade-api/v2"
HTML: Final = "<html>the page of a proxy</html>"


class KalshiRest:
    """Part of a ``KalshiEmulator``, which starts and stops it. ``http_status`` 0: answer; ``page``: markets in one."""

    def __init__(self, world: World, deeds: Deeds | None = None) -> None:
        self.url = ""
        self._deeds = deeds or Deeds()
        self.requests: list[str] = []
        self.http_status = 0
        self.retry_after = ""
        self.html = False
        self.page = 1000
        self._world = world
        self._runner: web.AppRunner

    async def start(self) -> None:
        """Listen on a free port."""
        application = web.Application()
        application.router.add_get(f"{PREFIX}/events", self._events)
        application.router.add_get(f"{PREFIX}/events/{{ticker}}", self._event)
        application.router.add_get(f"{PREFIX}/markets", self._markets)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}{PREFIX}"

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _events(self, request: web.Request) -> web.Response:
        asked = request.query.get("series_ticker", SERIES) == SERIES
        nested: list[JsonValue] = [self._told(market) for market in self._world.markets.values()]
        events: list[JsonValue] = [{**self._event_told(), "markets": nested}] if asked else []
        return self._answer(request, {"events": events, "cursor": ""})

    async def _event(self, request: web.Request) -> web.Response:
        if request.match_info["ticker"] != EVENT:
            self.requests.append(request.path_qs)
            return web.json_response({"error": {"code": "not_found", "message": "not found"}}, status=404)
        nested: list[JsonValue] = [self._told(market) for market in self._world.markets.values()]
        return self._answer(request, {"event": {**self._event_told(), "markets": nested}})

    async def _markets(self, request: web.Request) -> web.Response:
        wanted = set(request.query.get("tickers", "").split(",")) - {""}
        found = [market for market in self._world.markets.values() if not wanted or market.ticker in wanted]
        start = int(request.query.get("cursor") or 0)
        end = start + self.page
        told: list[JsonValue] = [self._told(market) for market in found[start:end]]
        return self._answer(request, {"markets": told, "cursor": str(end) if end < len(found) else ""})

    def _answer(self, request: web.Request, body: Json) -> web.Response:
        self.requests.append(request.path_qs)
        # what the service tells is a sign of life beside the stream, and no more
        self._deeds.note("alive")
        if self.http_status:
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return web.json_response({"error": {"code": "as_told"}}, status=self.http_status, headers=headers)
        return web.Response(text=HTML, content_type="text/html") if self.html else web.json_response(body)

    def _event_told(self) -> Json:
        return {
            "event_ticker": EVENT,
            "series_ticker": SERIES,
            "title": "Northtown vs Southtown",
            "sub_title": "NOR vs SOU (May 2)",
            "category": "Sports",
            "mutually_exclusive": True,
            "strike_period": "",
        }

    def _told(self, market: Market) -> Json:
        yes, no = market.best("yes"), market.best("no")
        return {
            "ticker": market.ticker,
            "event_ticker": EVENT,
            "title": "Northtown vs Southtown Winner?",
            "yes_sub_title": market.name,
            "no_sub_title": market.name,
            "status": market.status,
            "result": market.result,
            "market_type": "binary",
            "strike_type": "structured",
            "yes_bid_dollars": dollars(yes),
            "yes_ask_dollars": dollars(100 - no),
            "last_price_dollars": dollars(market.last),
            "liquidity_dollars": "0.0000",
        }
