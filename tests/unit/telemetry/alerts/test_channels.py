"""Channels, on real receivers: well, down, slow, hostile."""

import asyncio
import gzip
import json
import ssl
import tracemalloc

import pytest
import trustme
from aiohttp import web

from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.settings import AlertSettings
from ingestd.telemetry.alerts import channels as module
from ingestd.telemetry.alerts.channels import channels
from tests.unit.telemetry.alerts.conftest import SAID, Receiver, mailing, raw


async def deliver(channel: str, **settings: object) -> None:
    """One message over the only channel that is set."""
    found = channels(AlertSettings.model_validate({channel: settings}))
    assert list(found) == [channel]
    await found[channel][0](SAID)


def slack(url: str) -> dict[str, object]:
    """Its webhook."""
    return {"webhook": f"{url}/services/T0/B0/s3cr3t"}


def test_which_there_are() -> None:
    """Those that are set, with their floors."""
    assert channels(AlertSettings()) == {}
    everything = {
        "slack": {"webhook": "https://h/x", "severity": "info"},
        "email": {"to": "a@b.example"},
        "pagerduty": {"key": "k"},
        "webhook": {"url": "https://h/x"},
    }
    found = channels(AlertSettings.model_validate(everything))
    assert {name: floor for name, (_, floor) in found.items()} == {
        "slack": "info",
        "email": "warning",
        "pagerduty": "critical",
        "webhook": "warning",
    }


async def test_slack(receiver: Receiver) -> None:
    """JSON to its webhook."""
    await deliver("slack", **slack(receiver.url))
    ((path, headers, body),) = receiver.requests
    assert (path, headers["Content-Type"]) == ("/services/T0/B0/s3cr3t", "application/json")
    assert "CRITICAL test" in json.loads(body)["text"]


async def test_pagerduty(receiver: Receiver) -> None:
    """202 is taken."""
    receiver.status = 202
    await deliver("pagerduty", key="routing", url=f"{receiver.url}/v2/enqueue")
    ((_, _, body),) = receiver.requests
    assert json.loads(body)["routing_key"] == "routing"


async def test_webhook(receiver: Receiver) -> None:
    """With its token, where there is one."""
    await deliver("webhook", url=f"{receiver.url}/hook", token="t0ken")
    await deliver("webhook", url=f"{receiver.url}/hook")
    assert [headers.get("Authorization") for _, headers, _ in receiver.requests] == ["Bearer t0ken", None]


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 410])
async def test_no(receiver: Receiver, status: int) -> None:
    """Another try will not help; nobody is led elsewhere."""
    receiver.status, receiver.headers, receiver.body = status, {"Location": f"{receiver.url}/elsewhere"}, b"no\r\n\x1b[31m team"
    with pytest.raises(Refused, match=rf"{status} no   \[31m team"):
        await deliver("slack", **slack(receiver.url))
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [(429, "7", 7), (429, "", 30), (503, "99999999", 300), (429, "soon", 30), (429, "nan", 30), (429, "0", 1)],
)
async def test_later(receiver: Receiver, status: int, header: str, seconds: float) -> None:
    """As it asks, within bounds."""
    receiver.status, receiver.headers = status, {"Retry-After": header}
    with pytest.raises(Throttled) as caught:
        await deliver("slack", **slack(receiver.url))
    assert caught.value.seconds == seconds


@pytest.mark.parametrize("status", [408, 500, 502])
async def test_its_fault(receiver: Receiver, status: int) -> None:
    """Another try may help."""
    receiver.status = status
    with pytest.raises(Disconnected, match=str(status)):
        await deliver("slack", **slack(receiver.url))


async def test_down() -> None:
    """Nobody listens; what is said of it holds no secret."""
    with pytest.raises(Disconnected) as caught:
        await deliver("slack", **slack("http://127.0.0.1:9"))
    assert "s3cr3t" not in str(caught.value)


async def test_slow(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has so long and no longer."""
    monkeypatch.setattr(module, "WITHIN", 0.2)

    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    receiver.answer = never
    async with asyncio.timeout(5):
        with pytest.raises(Disconnected, match="timeout"):
            await deliver("slack", **slack(receiver.url))


async def test_an_answer_without_end(receiver: Receiver) -> None:
    """Is read to a point, and not unpacked: a bomb costs nothing."""
    receiver.status = 400
    receiver.headers = {"Content-Encoding": "gzip"}
    receiver.body = gzip.compress(bytes(64 << 20))
    tracemalloc.start()
    with pytest.raises(Refused):
        await deliver("slack", **slack(receiver.url))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    "noise", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200\r\n" + b"X-A: " + b"a" * 100_000, b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"]
)
async def test_nonsense(noise: bytes) -> None:
    """What is no HTTP is no receiver."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(noise)
        await writer.drain()

    async with raw(serve) as port:
        with pytest.raises(Disconnected):
            await deliver("slack", **slack(f"http://127.0.0.1:{port}"))


async def test_mail() -> None:
    """To all of them, by a real server."""
    async with mailing() as (mailbox, port):
        await deliver("email", to="a@y.example, b@y.example", sender="ingestd@x.example", host="127.0.0.1", port=port)
    (mail,) = mailbox.mails
    assert (mail.mail_from, mail.rcpt_tos) == ("ingestd@x.example", ["a@y.example", "b@y.example"])
    assert "Subject: [odds] CRITICAL test: a" in str(mail.content)


async def test_mail_with_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never in the clear, unless one says so; a wrong password is refused and not tried again."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with authority.cert_pem.tempfile() as trusted:
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        async with mailing(context, password="right") as (mailbox, port):
            settings = {"to": "a@y.example", "host": "127.0.0.1", "port": port, "user": "u"}
            await deliver("email", **settings, password="right")
            with pytest.raises(Refused):
                await deliver("email", **settings, password="wrong")
        assert (mailbox.tls, {login for login, _ in mailbox.logins}) == ([True], {"u"})
    async with mailing(password="right") as (mailbox, port):
        with pytest.raises(Disconnected):
            await deliver("email", **{**settings, "port": port}, password="right")
        assert (mailbox.mails, mailbox.logins) == ([], [])


async def test_a_certificate_that_nobody_vouches_for() -> None:
    """Is no server of ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with mailing(context) as (mailbox, port):
        with pytest.raises(Disconnected):
            await deliver("email", to="a@y.example", host="127.0.0.1", port=port, tls="starttls")
    assert mailbox.mails == []


@pytest.mark.parametrize(("refusal", "error"), [("550 no such user", Refused), ("451 later", Disconnected)])
async def test_mail_that_is_not_taken(refusal: str, error: type[Exception]) -> None:
    """For good, or for now."""
    async with mailing() as (mailbox, port):
        mailbox.refusal = refusal
        with pytest.raises(error, match=refusal[:3]):
            await deliver("email", to="a@y.example", host="127.0.0.1", port=port)


@pytest.mark.parametrize("noise", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220-" + b"x" * 100_000, b"220 a\r\n" * 50])
async def test_mail_to_nonsense(noise: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no mail server, is silent, or never ends a line, has so long and no longer."""
    monkeypatch.setattr(module, "WITHIN", 1.0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(noise)
        await writer.drain()
        await reader.read()

    async with raw(serve) as port, asyncio.timeout(10):
        with pytest.raises((Disconnected, Refused)):
            await deliver("email", to="a@y.example", host="127.0.0.1", port=port)


async def test_mail_to_nobody() -> None:
    """Nobody listens."""
    with pytest.raises(Disconnected):
        await deliver("email", to="a@y.example", host="127.0.0.1", port=9)
