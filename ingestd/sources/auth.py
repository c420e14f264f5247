"""Proofs of who asks, small pieces that feeds compose: a header, a query parameter, basic, OAuth2, a signature, a client certificate.

Each is an ``http.Auth``. None of them says its secret: not in an address that is shown, not in an error, not in a ``repr``.
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct
from msgspec.structs import replace
from pydantic import SecretStr

from ingestd.errors import ConfigError, Disconnected, IngestdError, Refused, Throttled
from ingestd.interfaces import Clock
from ingestd.model import SECOND
from ingestd.sources.http import Answer, Http, Request
from ingestd.sources.kind import Breaker

MARGIN: Final = 30.0
"""Seconds before its end that a token counts as over, so that no request is under way with it when it ends; at most half of its life."""
LEAST_LIFE: Final = 1.0
"""Seconds that a token is used at least, whatever the server says of its life."""
FRESH: Final = 10.0
"""Seconds for which a token is fresh: one that is refused then is not mended by another, and the token server is left alone."""
_OAUTH_HINTS: Final[dict[str, str]] = {
    "invalid_client": "check client_id and client_secret, and whether the server wants them in the header or in the body",
    "invalid_grant": "check client_id and client_secret",
    "unauthorized_client": "ask the provider to allow this client the client credentials grant",
    "unsupported_grant_type": "ask the provider to allow this client the client credentials grant",
    "invalid_scope": "check scope",
    "invalid_request": "check token_url, and whether the server wants the credentials in the header or in the body",
}


class _Fixed:
    """A proof that stays as it is."""

    def expire(self, refused: Request) -> bool:
        """No other can be had."""
        return False


class HeaderAuth(_Fixed):
    """A secret in a header; ``prefix`` stands before it (``Bearer ``). Raises ConfigError for one that no header can hold."""

    def __init__(self, name: str, secret: SecretStr, prefix: str = "") -> None:
        self._name = name
        self._secret = _on_one_line(name, secret)
        self._prefix = prefix

    async def apply(self, request: Request, http: Http) -> Request:
        """The request with the header."""
        return request.with_headers({self._name: self._prefix + self._secret.get_secret_value()})


class QueryAuth(_Fixed):
    """A secret in the query."""

    def __init__(self, name: str, secret: SecretStr) -> None:
        self._name = name
        self._secret = secret

    async def apply(self, request: Request, http: Http) -> Request:
        """The request with the parameter."""
        return replace(request, secret_params=(*request.secret_params, (self._name, self._secret.get_secret_value())))


class BasicAuth(HeaderAuth):
    """User and password (RFC 7617, in UTF-8). Raises ConfigError for a user with a colon, which the scheme cannot say."""

    def __init__(self, user: str, password: SecretStr) -> None:
        if ":" in user:
            raise ConfigError("user: has a colon in it, which basic authentication cannot carry; use another account, or another way in")
        super().__init__("Authorization", _basic(user, password.get_secret_value()), "Basic ")


class OAuth2Client(Struct, frozen=True, kw_only=True):
    """A client as the authorisation server knows it; ``in_body``: its credentials go into the body, not into the header."""

    token_url: str
    client_id: str
    client_secret: SecretStr
    scope: str = ""
    in_body: bool = False


class _Token(Struct, frozen=True):
    """The header it makes; when it was got, and until when it is good, in seconds of the monotonic clock (None: until it is refused)."""

    header: str
    got_at: float
    until: float | None


class _TokenAnswer(Struct):
    """RFC 6749, 5.1; some servers write the seconds as text."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a kind
    expires_in: int | float | str | None = None


class _TokenError(Struct):
    """RFC 6749, 5.2; what it says in prose may quote the secret and is not repeated."""

    error: str = ""


class OAuth2:
    """Client credentials (RFC 6749, 4.4): a token is got when it is needed, one at a time, and got anew once it is over or refused."""

    def __init__(self, client: OAuth2Client, clock: Clock, breaker: Breaker) -> None:
        self._client = client
        self._clock = clock
        self._breaker = breaker
        self._token: _Token | None = None
        self._lock = asyncio.Lock()

    async def apply(self, request: Request, http: Http) -> Request:
        """The request with a token. Raises Disconnected, Throttled, Refused."""
        async with self._lock:
            token = self._token
            if token is None or (token.until is not None and self._clock.monotonic() >= token.until):
                token = self._token = await self._breaker.call(lambda: self._get(http))
        return request.with_headers({"Authorization": token.header})

    def expire(self, refused: Request) -> bool:
        """Whether to ask again: with a token that was got meanwhile, or with the next. A token fresh and refused is not renewed."""
        token = self._token
        if token is None or refused.headers.get("Authorization") != token.header:
            return True
        now = self._clock.monotonic()
        if now < token.got_at + FRESH and (token.until is None or now < token.until):
            return False
        self._token = None
        return True

    async def _get(self, http: Http) -> _Token:
        answer = await http.bare(self._request())
        if (error := self._judge(answer, http)) is not None:
            raise error
        try:
            said = msgspec.json.decode(answer.body, type=_TokenAnswer)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise Disconnected("token", f"no token in what came from {answer.url}") from error
        if said.token_type.lower() != "bearer" or not _fits_a_header(said.access_token):
            raise Refused("token", f"{answer.url} gave a token of a kind that is not known here", "only bearer tokens are")
        now, life = self._clock.monotonic(), _life(said.expires_in)
        until = None if life is None else now + max(life - MARGIN, life / 2, LEAST_LIFE)
        return _Token(f"Bearer {said.access_token}", now, until)

    def _request(self) -> Request:
        client, secret = self._client, self._client.client_secret.get_secret_value()
        form = {"grant_type": "client_credentials"}
        if client.scope:
            form["scope"] = client.scope
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if client.in_body:
            form |= {"client_id": client.client_id, "client_secret": secret}
        else:
            # each of them form-encoded first (RFC 6749, 2.3.1)
            headers["Authorization"] = f"Basic {_basic(quote_plus(client.client_id), quote_plus(secret)).get_secret_value()}"
        return Request(url=client.token_url, method="POST", headers=headers, body=urlencode(form).encode())

    def _judge(self, answer: Answer, http: Http) -> IngestdError | None:
        error = http.judge(answer)
        if error is None or isinstance(error, Disconnected | Throttled):
            return error
        try:
            code = msgspec.json.decode(answer.body, type=_TokenError).error
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            code = ""
        if code not in _OAUTH_HINTS:
            return Refused("token_refused", f"HTTP {answer.status} from {answer.url}", "check token_url, client_id and client_secret")
        return Refused("token_refused", f"{code} from {answer.url}", _OAUTH_HINTS[code])


class Stamped(Struct, frozen=True, kw_only=True):
    """How a provider wants requests signed: the headers' names, and ``text(stamp, method, path)``, which is what is signed.

    ``stamp`` is the time in Unix milliseconds, ``path`` that of the address, without host and query.
    """

    key_header: str
    stamp_header: str
    signature_header: str
    text: Callable[[str, str, str], str]


class RsaPss(_Fixed):
    """Requests signed with RSA-PSS (SHA-256, MGF1 with SHA-256, salt as long as the digest); the signature goes out in base64."""

    def __init__(self, key_id: SecretStr, private_key: SecretStr, scheme: Stamped, clock: Clock) -> None:
        self._key_id = _on_one_line("key_id", key_id)
        self._key = _rsa_key(private_key.get_secret_value())
        self._scheme = scheme
        self._clock = clock

    async def apply(self, request: Request, http: Http) -> Request:
        """The request, signed as of now."""
        return request.with_headers(self.headers(request.method, urlsplit(request.url).path, self._clock.now()))

    def headers(self, method: str, path: str, now: int) -> dict[str, str]:
        """What to send with a request, or with the handshake of a WebSocket (``GET`` and its path); ``now`` in UTC µs."""
        scheme, stamp = self._scheme, str(now * 1000 // SECOND)
        signature = _sign(self._key, scheme.text(stamp, method, path).encode())
        return {
            scheme.key_header: self._key_id.get_secret_value(),
            scheme.stamp_header: stamp,
            scheme.signature_header: b64encode(signature).decode(),
        }


def client_tls(ca_file: Path | None = None, cert_file: Path | None = None, key_file: Path | None = None) -> ssl.SSLContext:
    """A context that verifies by ``tls_ca_file`` (None: by the system's authorities) and shows ``cert_file``, its key in ``key_file``.

    Raises ConfigError where a file cannot be used.
    """
    try:
        tls = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(f"tls_ca_file: {ca_file} holds no certificates ({_why(error)}); give a PEM file") from error
    if cert_file is None:
        return tls
    try:
        # without a password of ours, OpenSSL would ask the terminal for one
        tls.load_cert_chain(cert_file, key_file, password="")
    except OSError as error:
        hint = "give the PEM files made for the login, the key without a password"
        raise ConfigError(f"cert_file: {cert_file} and its key do not fit together ({_why(error)}); {hint}") from error
    return tls


def _why(error: OSError) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return reason or type(error).__name__


def _rsa_key(pem: str) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.strip().encode(), password=None)
    except ValueError as error:
        raise _bad_key("cannot be read") from error
    except (TypeError, UnsupportedAlgorithm) as error:
        raise _bad_key("is encrypted, or of an unknown kind") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _bad_key("is of another kind")
    try:
        _sign(key, b"")
    except ValueError as error:
        raise _bad_key(f"is too short ({key.key_size} bits)") from error
    return key


def _bad_key(what: str) -> ConfigError:
    hint = "give the whole file that the provider made (RSA, without a password), its BEGIN and END lines included"
    return ConfigError(f"private_key: no RSA key in PEM, it {what}; {hint}")


def _sign(key: rsa.RSAPrivateKey, text: bytes) -> bytes:
    return key.sign(text, padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH), hashes.SHA256())


def _basic(user: str, password: str) -> SecretStr:
    return SecretStr(b64encode(f"{user}:{password}".encode()).decode())


def _on_one_line(name: str, secret: SecretStr) -> SecretStr:
    if not _fits_a_header(secret.get_secret_value()):
        raise ConfigError(f"{name}: the secret is empty, or has a line break or another control character in it; copy it again")
    return secret


def _fits_a_header(text: str) -> bool:
    return bool(text) and text.isprintable()


def _life(expires_in: float | str | None) -> float | None:
    """Seconds that a token is good for; None: the server did not say, or not so that one could count on it."""
    try:
        life = float(expires_in or 0)
    except (ValueError, OverflowError):
        return None
    return life if 0 < life < float("inf") else None
