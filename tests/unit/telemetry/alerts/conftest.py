"""Receivers on this machine: what they got, and how they can be nasty."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from ingestd.telemetry.alerts.texts import Told

SAID = Told(
    key="ingestd/odds/test",
    name="odds",
    rule="test",
    severity="critical",
    over=False,
    subject="[odds] CRITICAL test: a",
    text="a\nb",
    link="docs/runbook.md#test",
    at=1_795_442_580_000_000,
    firing=("a",),
    resolved=(),
)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiver:
    """Takes what is posted; ``answer`` says how it answers."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b"ok"
        self.answer: Answer = self._plainly
        self.url = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.path, dict(request.headers), await request.read()))
        return await self.answer(request)

    async def _plainly(self, _: web.Request) -> web.StreamResponse:
        return web.Response(status=self.status, headers=self.headers, body=self.body)


@asynccontextmanager
async def listening() -> AsyncIterator[Receiver]:
    """A receiver of everything."""
    receiver = Receiver()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """One that takes everything."""
    async with listening() as found:
        yield found


@asynccontextmanager
async def raw(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    """A server that speaks no protocol but its own; its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


class Mailbox:
    """What a mail server got; ``refusal``: what it says instead."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.logins: list[tuple[str, str]] = []
        self.tls: list[bool] = []
        self.refusal = ""

    async def handle_DATA(self, _: object, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusal:
            return self.refusal
        self.mails.append(envelope)
        self.tls.append(session.ssl is not None)
        return "250 taken"


@asynccontextmanager
async def mailing(context: ssl.SSLContext | None = None, password: str = "") -> AsyncIterator[tuple[Mailbox, int]]:
    """A real mail server, with STARTTLS and a login where asked for; its port."""
    mailbox = Mailbox()

    def login(_: object, __: object, ___: object, mechanism: str, data: LoginPassword) -> AuthResult:
        mailbox.logins.append((data.login.decode(), mechanism))
        return AuthResult(success=data.password.decode() == password, handled=False)

    def server_of_one() -> SMTP:
        with warnings.catch_warnings():
            # a login in the clear is what a client must not do, and could do here
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                mailbox,
                hostname="127.0.0.1",
                tls_context=context,
                authenticator=login if password else None,
                auth_required=bool(password),
                auth_require_tls=context is not None,
            )

    server = await asyncio.get_running_loop().create_server(server_of_one, "127.0.0.1", 0)
    try:
        yield mailbox, server.sockets[0].getsockname()[1]
    finally:
        server.close()
