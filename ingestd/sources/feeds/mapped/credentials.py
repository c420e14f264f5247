"""Proof of who asks, from options to what requests and handshakes take."""

from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

from ingestd.sources.auth import BasicAuth, HeaderAuth, OAuth2, OAuth2Client, QueryAuth
from ingestd.sources.feeds.mapped.options import AuthOptions, WebSocketOptions
from ingestd.sources.http import Auth
from ingestd.sources.kind import FeedContext


def auth_of(options: AuthOptions | None, context: FeedContext) -> Auth | None:
    """What lets requests in. Raises ConfigError for a secret that cannot be sent so."""
    if options is None:
        return None
    made: dict[str, Callable[[], Auth]] = {
        "header": lambda: HeaderAuth(options.name or "Authorization", options.secret, options.prefix),
        "query": lambda: QueryAuth(options.name, options.secret),
        "basic": lambda: BasicAuth(options.user, options.secret),
        "oauth2": lambda: _oauth2(options, context),
    }
    return made[options.kind]()


def _oauth2(options: AuthOptions, context: FeedContext) -> OAuth2:
    client = OAuth2Client(token_url=options.token_url, client_id=options.user, client_secret=options.secret, scope=options.scope)
    return OAuth2(client, context.clock, context.breaker(f"token {context.name}"))


def with_param(url: str, name: str, value: str) -> str:
    """An address with one more parameter."""
    return f"{url}{'&' if '?' in url else '?'}{quote(name)}={quote(value, safe='')}"


def handshake(options: WebSocketOptions) -> tuple[dict[str, str], str]:
    """Headers and address of a handshake, proof included."""
    auth, headers, url = options.auth, dict(options.headers), options.url
    if auth is None:
        return headers, url
    secret = auth.secret.get_secret_value()
    if auth.kind == "query":
        return headers, with_param(url, auth.name, secret)
    if auth.kind == "basic":
        secret = b64encode(f"{auth.user}:{secret}".encode()).decode()
    name, prefix = ("Authorization", "Basic ") if auth.kind == "basic" else (auth.name or "Authorization", auth.prefix)
    return {**headers, name: prefix + secret}, url
