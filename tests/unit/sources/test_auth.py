"""Proofs of who asks: what goes onto the wire, how a token is got, and what a person is told of a key that is none."""

import asyncio
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs

import pytest
import trustme
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from ingestd.errors import ConfigError, Disconnected, IngestdError, Refused, Throttled
from ingestd.sources.auth import BasicAuth, HeaderAuth, OAuth2, OAuth2Client, QueryAuth, RsaPss, Stamped, client_tls
from ingestd.sources.http import Auth, Http, Request, opened
from ingestd.testing.clock import VirtualClock
from ingestd.testing.context import NoBreaker
from tests.unit.sources.conftest import serving

T = TypeVar("T")
SECRET = "s3cr3t/ä+"
KALSHI = Stamped(
    key_header="KALSHI-ACCESS-KEY",
    stamp_header="KALSHI-ACCESS-TIMESTAMP",
    signature_header="KALSHI-ACCESS-SIGNATURE",
    text=lambda stamp, method, path: stamp + method + path,
)


class Provider:
    """Gives tokens ``t1``, ``t2``… and takes those in ``good``; what it says of them can be set."""

    def __init__(self) -> None:
        self.said: dict[str, object] = {}
        self.status = 200
        self.raw: bytes | None = None
        self.headers: dict[str, str] = {}
        self.grants: list[tuple[str, str]] = []
        """Authorization and body of each request for a token."""
        self.asked: list[str] = []
        """Authorization of each other request."""
        self.good: set[str] = set()
        self.renewable = True
        self.slow = 0.0

    async def answer(self, request: web.Request) -> web.Response:
        """A token, or something that needs one."""
        if request.path != "/token":
            self.asked.append(request.headers.get("Authorization", ""))
            return web.Response(status=200 if self.asked[-1].removeprefix("Bearer ") in self.good else 401)
        self.grants.append((request.headers.get("Authorization", ""), await request.text()))
        await asyncio.sleep(self.slow)
        if self.status != 200 or self.raw is not None:
            return web.Response(status=self.status, body=self.raw, headers=self.headers)
        token = f"t{len(self.grants)}"
        if self.renewable:
            self.good.add(token)
        return web.json_response({"access_token": token, "token_type": "bearer", **self.said})


class World:
    """A provider, a client of it, and the time."""

    def __init__(self, provider: Provider, url: str, *, in_body: bool = False) -> None:
        self.provider = provider
        self.url = url
        self.clock = VirtualClock()
        client = OAuth2Client(
            token_url=f"{url}/token", client_id="id:1", client_secret=SecretStr(SECRET), scope="odds read", in_body=in_body
        )
        self.auth = OAuth2(client, self.clock, NoBreaker())

    async def ask(self) -> int:
        """Status of one request with proof."""
        async with opened(self.clock, auth=self.auth) as http:
            return (await http.ask(Request(url=f"{self.url}/odds"))).status

    async def pass_by(self, seconds: float) -> None:
        """Let time go by."""
        await self.clock.sleep(seconds)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """With its credentials in the header."""
    provider = Provider()
    async with serving(provider.answer) as url:
        yield World(provider, url)


async def proven(auth: Auth, http: Http, request: Request | None = None) -> Request:
    """The request with proof."""
    return await auth.apply(request or Request(url="https://provider.example/v1/odds?x=1"), http)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A client that is not used."""
    async with opened(VirtualClock()) as client:
        yield client


async def test_a_header(http: Http) -> None:
    """With what is to stand before the secret."""
    auth = HeaderAuth("X-Api-Key", SecretStr("k"), "Token ")
    request = await proven(auth, http)
    assert (request.headers, auth.expire(request)) == ({"X-Api-Key": "Token k"}, False)


async def test_a_parameter(http: Http) -> None:
    """Beside the others, and never shown."""
    auth = QueryAuth("apiKey", SecretStr("k3y"))
    request = await proven(auth, http, Request(url="https://provider.example/", params=(("sport", "nfl"),), secret_params=(("a", "b"),)))
    assert request.secret_params == (("a", "b"), ("apiKey", "k3y"))
    assert (request.shown, auth.expire(request)) == ("https://provider.example/?sport=nfl", False)


async def test_basic(http: Http) -> None:
    """RFC 7617: in UTF-8; a colon may be in the password, not in the user."""
    request = await proven(BasicAuth("me", SecretStr("ä:b")), http)
    kind, _, credentials = request.headers["Authorization"].partition(" ")
    assert (kind, b64decode(credentials).decode()) == ("Basic", "me:ä:b")
    with pytest.raises(ConfigError, match="user: has a colon"):
        BasicAuth("m:e", SecretStr("x"))


@pytest.mark.parametrize("secret", ["", "abc\r\nX-Other: 1", "a\0b"])
def test_a_secret_that_no_header_can_hold(secret: str) -> None:
    """Told at the start, by the header's name, without the secret."""
    with pytest.raises(ConfigError, match="X-Key: the secret is empty, or has a line break") as caught:
        HeaderAuth("X-Key", SecretStr(secret))
    assert "Other" not in str(caught.value)


async def test_a_token_is_got_once_and_kept(world: World) -> None:
    """RFC 6749, 4.4.2, and 2.3.1: credentials form-encoded before base64."""
    assert [await world.ask(), await world.ask()] == [200, 200]
    [(header, body)] = world.provider.grants
    assert parse_qs(body) == {"grant_type": ["client_credentials"], "scope": ["odds read"]}
    assert b64decode(header.removeprefix("Basic ")).decode() == "id%3A1:s3cr3t%2F%C3%A4%2B"
    assert world.provider.asked == ["Bearer t1"] * 2


async def test_credentials_in_the_body(world: World) -> None:
    """Where the server wants them there, and nothing in the header then."""
    await World(world.provider, world.url, in_body=True).ask()
    [(header, body)] = world.provider.grants
    assert (header, parse_qs(body)["client_id"], parse_qs(body)["client_secret"]) == ("", ["id:1"], [SECRET])


async def test_many_at_once_need_one_token(world: World) -> None:
    """One refresh at a time, and all others wait for it."""
    world.provider.slow = 0.05
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(world.ask()) for _ in range(5)]
    assert ([task.result() for task in tasks], len(world.provider.grants)) == ([200] * 5, 1)


@pytest.mark.parametrize(
    ("expires_in", "kept", "renewed"),
    [
        (3600, 3569, 3571),
        ("7200", 7169, 7171),
        (40, 19, 21),
        (1, 0.9, 1.1),
        (0, 86_400, None),
        ("soon", 86_400, None),
        (None, 86_400, None),
    ],
)
async def test_a_token_is_renewed_before_it_ends(world: World, expires_in: object, kept: float, renewed: float | None) -> None:
    """Half a minute before, or after half its life; one whose end nobody told is kept until it is refused."""
    world.provider.said = {"expires_in": expires_in}
    await world.ask()
    await world.pass_by(kept)
    await world.ask()
    assert len(world.provider.grants) == 1
    if renewed is not None:
        await world.pass_by(renewed - kept)
        await world.ask()
        assert len(world.provider.grants) == 2


async def test_a_refused_token_is_renewed_once(world: World) -> None:
    """By one more token, with which the request is asked again."""
    await world.ask()
    world.provider.good.clear()
    await world.pass_by(60)
    assert await world.ask() == 200
    assert world.provider.asked == ["Bearer t1", "Bearer t1", "Bearer t2"]


async def test_a_server_that_refuses_every_token_is_not_hammered(world: World) -> None:
    """A token just got and refused at once is not mended by another."""
    world.provider.renewable = False
    assert [await world.ask() for _ in range(5)] == [401] * 5
    assert len(world.provider.grants) == 1


async def test_of_two_refused_at_once_the_second_takes_the_token_of_the_first(world: World) -> None:
    """It was refused with the old one; the new one is there already."""
    await world.ask()
    await world.pass_by(60)
    async with opened(world.clock) as http:
        first, second = await proven(world.auth, http), await proven(world.auth, http)
        assert world.auth.expire(first)
        assert (await proven(world.auth, http)).headers["Authorization"] == "Bearer t2"
        assert world.auth.expire(second)
        assert (await proven(world.auth, http)).headers["Authorization"] == "Bearer t2"
    assert len(world.provider.grants) == 2


@pytest.mark.parametrize(
    ("status", "raw", "error", "says"),
    [
        (401, b'{"error":"invalid_client","error_description":"s3cr3t/\xc3\xa4+ is wrong"}', Refused, "invalid_client .*check client_id"),
        (400, b'{"error":"invalid_scope"}', Refused, "check scope"),
        (400, b'{"error":"s3cr3t"}', Refused, "HTTP 400"),
        (404, b"<html>", Refused, "HTTP 404"),
        (302, b"", Refused, "HTTP 302"),
        (500, b"", Disconnected, "unavailable"),
        (429, b"", Throttled, "http_429"),
        (200, b"<html>", Disconnected, "no token in what came"),
        (200, b"[" * 100_000, Disconnected, "no token in what came"),
        (200, b'{"token_type":"bearer"}', Disconnected, "no token in what came"),
        (200, b'{"access_token":"x","token_type":"mac"}', Refused, "only bearer"),
        (200, b'{"access_token":"a\\nb"}', Refused, "only bearer"),
    ],
)
async def test_no_token(world: World, status: int, raw: bytes, error: type[IngestdError], says: str) -> None:
    """Each with what to do next, none with the secret."""
    world.provider.status, world.provider.raw = status, raw
    with pytest.raises(error, match=says) as caught:
        await world.ask()
    assert "s3cr3t" not in str(caught.value)


async def test_a_token_is_got_through_the_breaker(world: World) -> None:
    """What jobs share is guarded: an open breaker lets nobody through."""

    class Open(NoBreaker):
        async def call(self, action: Callable[[], Awaitable[T]]) -> T:
            raise Throttled(7, "breaker")

    world.auth._breaker = Open()
    with pytest.raises(Throttled, match="breaker"):
        await world.ask()
    assert world.provider.grants == []


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """A key as a provider makes them."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> SecretStr:
    """The key as a file."""
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return SecretStr(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode())


async def test_a_signature(key: rsa.RSAPrivateKey, http: Http) -> None:
    """Over time in ms, method and path without query (PROVIDERS 4.1); it verifies with the public key and with nothing else."""
    auth = RsaPss(SecretStr("id"), pem(key), KALSHI, VirtualClock(1_700_000_000_123_456))
    request = await proven(auth, http)
    assert request.headers["KALSHI-ACCESS-KEY"] == "id"
    assert request.headers["KALSHI-ACCESS-TIMESTAMP"] == "1700000000123"
    signature = b64decode(request.headers["KALSHI-ACCESS-SIGNATURE"])
    how = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    key.public_key().verify(signature, b"1700000000123GET/v1/odds", how, hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.public_key().verify(signature, b"1700000000123GET/v1/odds?x=1", how, hashes.SHA256())
    assert auth.expire(request) is False


def test_a_signed_handshake(key: rsa.RSAPrivateKey) -> None:
    """The same for a WebSocket, without a client."""
    headers = RsaPss(SecretStr("id"), pem(key), KALSHI, VirtualClock()).headers("GET", "/trade-api/ws/v2", 5_000)
    how = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    key.public_key().verify(b64decode(headers["KALSHI-ACCESS-SIGNATURE"]), b"5GET/trade-api/ws/v2", how, hashes.SHA256())


def short_key() -> rsa.RSAPrivateKey:
    """Of 511 bits: two well-known primes."""
    p, q, e = 2**255 - 19, 2**256 - 189, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(e, p * q)).private_key()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read"),
        ("keys/private.pem", "cannot be read"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "cannot be read"),
        ("encrypted", "is encrypted"),
        ("elliptic", "is of another kind"),
        ("short", r"is too short \(511 bits\)"),
    ],
)
def test_a_key_that_is_none(key: rsa.RSAPrivateKey, text: str, says: str) -> None:
    """Says what is wrong and what to give, and not what was given."""
    made = {"encrypted": pem(key, b"pw"), "elliptic": pem(ec.generate_private_key(ec.SECP256R1())), "short": pem(short_key())}
    with pytest.raises(ConfigError, match=f"private_key: no RSA key in PEM, it .*({says}).*; give the whole file") as caught:
        RsaPss(SecretStr("id"), made.get(text, SecretStr(text)), KALSHI, VirtualClock())
    assert "MII" not in str(caught.value)
    assert "keys/private" not in str(caught.value)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An authority, a client's certificate and key, and a key with a password."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    certificate = authority.issue_cert("client.example")
    paths = {name: folder / f"{name}.pem" for name in ("ca", "cert", "key", "both", "locked", "junk")}
    authority.cert_pem.write_to_path(paths["ca"])
    certificate.cert_chain_pems[0].write_to_path(paths["cert"])
    certificate.private_key_pem.write_to_path(paths["key"])
    certificate.private_key_and_cert_chain_pem.write_to_path(paths["both"])
    locked = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    paths["locked"].write_text(pem(locked, b"pw").get_secret_value())
    paths["junk"].write_text("no certificate")
    return paths


def test_a_certificate_to_log_in_with(files: dict[str, Path]) -> None:
    """Key apart or in the same file; whoever is on the other side is always verified."""
    for tls in (client_tls(), client_tls(files["ca"], files["cert"], files["key"]), client_tls(files["ca"], files["both"])):
        assert (tls.verify_mode, tls.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    ("ca", "cert", "key_of", "says"),
    [
        ("junk", None, None, r"tls_ca_file: .*junk\.pem holds no certificates"),
        ("missing", None, None, r"tls_ca_file: .*missing\.pem holds no certificates \(No such file"),
        ("ca", "cert", None, r"cert_file: .*cert\.pem and its key do not fit together"),
        ("ca", "cert", "locked", r"cert_file: .*the key without a password"),
        ("ca", "junk", "key", r"cert_file: .*junk\.pem and its key"),
    ],
)
def test_a_certificate_that_is_none(files: dict[str, Path], ca: str, cert: str | None, key_of: str | None, says: str) -> None:
    """Says which file; a key with a password asks nobody for it."""
    missing = files["ca"].with_name("missing.pem")
    with pytest.raises(ConfigError, match=says):
        client_tls(files.get(ca, missing), files[cert] if cert else None, files[key_of] if key_of else None)
