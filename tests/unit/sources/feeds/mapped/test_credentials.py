"""Proof of who asks."""

import pytest
from pydantic import SecretStr

from ingestd.clock import SystemClock
from ingestd.errors import ConfigError
from ingestd.sources.auth import BasicAuth, HeaderAuth, OAuth2, QueryAuth
from ingestd.sources.feeds.mapped.credentials import auth_of, handshake, with_param
from ingestd.sources.feeds.mapped.options import AuthOptions, WebSocketOptions
from ingestd.sources.http import Request, opened
from ingestd.testing.context import feed_context


def options(kind: str, **more: str) -> AuthOptions:
    """Of a kind."""
    return AuthOptions.model_validate({"kind": kind, "secret": "s3", **more})


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (options("header", prefix="Bearer "), HeaderAuth),
        (options("query", name="key"), QueryAuth),
        (options("basic", user="me"), BasicAuth),
        (options("oauth2", user="me", token_url="https://t.example/token"), OAuth2),
    ],
)
def test_every_kind(given: AuthOptions, kind: type) -> None:
    """Is one of the pieces that all feeds compose."""
    assert type(auth_of(given, feed_context("src"))) is kind
    assert auth_of(None, feed_context("src")) is None


async def test_a_header_goes_out() -> None:
    """With what stands before the secret."""
    auth = auth_of(options("header", prefix="Bearer "), feed_context("src"))
    assert auth is not None
    async with opened(SystemClock()) as http:
        request = await auth.apply(Request(url="https://a.example"), http)
    assert request.headers == {"Authorization": "Bearer s3"}


def test_a_secret_that_cannot_be_sent() -> None:
    """Is told before anything is sent."""
    with pytest.raises(ConfigError):
        auth_of(AuthOptions(kind="header", secret=SecretStr("a\nb")), feed_context("src"))


@pytest.mark.parametrize(
    ("auth", "headers", "url"),
    [
        (None, {"a": "b"}, "wss://x.example/p?q=1"),
        (options("header", name="X-Key", prefix="k "), {"a": "b", "X-Key": "k s3"}, "wss://x.example/p?q=1"),
        (options("basic", user="me"), {"a": "b", "Authorization": "Basic bWU6czM="}, "wss://x.example/p?q=1"),
        (options("query", name="key"), {"a": "b"}, "wss://x.example/p?q=1&key=s3"),
    ],
)
def test_handshakes(auth: AuthOptions | None, headers: dict[str, str], url: str) -> None:
    """Headers and address."""
    assert handshake(WebSocketOptions(url="wss://x.example/p?q=1", headers={"a": "b"}, auth=auth)) == (headers, url)


def test_parameters_are_quoted() -> None:
    """Whatever a token holds."""
    assert with_param("wss://x.example", "since", "a&b c") == "wss://x.example?since=a%26b%20c"
