"""The web services beside the emulated stream: certificate login, keep alive, catalogue; each can be told to fail."""

import ssl
from typing import Final

from aiohttp import web

from ingestd.testing.betfair_terms import Exchange
from ingestd.testing.betfair_world import Json

USERNAME: Final = "somebody"
PASSWORD: Final = "correct horse"  # noqa: S105 - the emulator's own


class BetfairRest:
    """Part of a ``BetfairEmulator``, which starts and stops it."""

    def __init__(self, server: Exchange) -> None:
        self.url = ""
        self.logins = 0
        self.keep_alives = 0
        self.catalogue_requests: list[list[str]] = []
        self.login_status = ""
        """What every login is answered with; empty: it is judged."""
        self.catalogue_error = ""
        """The API fault every catalogue request is answered with; empty: none."""
        self.http_status = 0
        """The HTTP status everything is answered with; 0: its own."""
        self.weight_limit = 200
        self.nameless: set[str] = set()
        """Markets that the catalogue does not hold."""
        self._server = server
        self._runner: web.AppRunner

    async def start(self, tls: ssl.SSLContext) -> None:
        """Listen on a free port."""
        application = web.Application()
        application.router.add_post("/api/certlogin", self._login)
        application.router.add_post("/api/keepAlive", self._keep_alive)
        application.router.add_post("/listMarketCatalogue/", self._catalogue)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        self.url = f"https://{self._server.host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _login(self, request: web.Request) -> web.Response:
        self.logins += 1
        form = await request.post()
        transport = request.transport
        if self.http_status:
            return web.Response(status=self.http_status, text="<html>")
        if transport is None or not transport.get_extra_info("peercert"):
            status = "CERT_AUTH_REQUIRED"
        elif request.headers.get("X-Application") != self._server.app_key:
            status = "INVALID_APP_KEY"
        elif (form.get("username"), form.get("password")) != (USERNAME, PASSWORD):
            status = "INVALID_USERNAME_OR_PASSWORD"
        else:
            status = "SUCCESS"
        if (self.login_status or status) != "SUCCESS":
            return web.json_response({"loginStatus": self.login_status or status})
        session = f"session-{self.logins}"
        self._server.sessions.add(session)
        return web.json_response({"sessionToken": session, "loginStatus": "SUCCESS"})

    async def _keep_alive(self, request: web.Request) -> web.Response:
        self.keep_alives += 1
        if self.http_status:
            return web.Response(status=self.http_status)
        session = request.headers.get("X-Authentication", "")
        good = session in self._server.sessions
        if not good:
            return web.json_response({"token": "", "product": "", "status": "FAIL", "error": "NO_SESSION"})
        return web.json_response({"token": session, "product": "", "status": "SUCCESS", "error": ""})

    async def _catalogue(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        market_ids = [str(market_id) for market_id in wanted["filter"]["marketIds"]]
        self.catalogue_requests.append(market_ids)
        if self.http_status:
            return web.Response(status=self.http_status)
        error = self.catalogue_error
        if request.headers.get("X-Authentication") not in self._server.sessions:
            error = "INVALID_SESSION_INFORMATION"
        elif wanted["maxResults"] > self.weight_limit:
            error = "TOO_MUCH_DATA"
        if error:
            fault: Json = {"faultcode": "Client", "detail": {"exceptionname": "APINGException", "APINGException": {"errorCode": error}}}
            return web.json_response(fault, status=400)
        return web.json_response([self._entry(market_id) for market_id in market_ids if self._holds(market_id)])

    def _holds(self, market_id: str) -> bool:
        return market_id in self._server.world.market_ids and market_id not in self.nameless

    def _entry(self, market_id: str) -> Json:
        market = self._server.world.now(market_id)
        runners: list[Json] = [
            {"selectionId": runner.id, "runnerName": runner.name, "handicap": runner.hc, "sortPriority": order}
            for order, runner in enumerate(market.runners, 1)
        ]
        return {
            "marketId": market.id,
            "marketName": market.market_type.title().replace("_", " "),
            "runners": runners,
            "eventType": {"id": "1", "name": "Soccer"},
            "competition": {"id": "7", "name": "Test League"},
            "event": {"id": market.event_id, "name": market.event_name, "countryCode": "GB", "timezone": "GMT"},
        }
