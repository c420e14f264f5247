"""Options of a webhook: what is told to whoever gets them wrong."""

import pytest
from pydantic import ValidationError

from ingestd.sources.transports.webhook import WebhookOptions


def test_as_they_come() -> None:
    """On loopback, unsigned, remembering for longer than anybody tries again (75 h 35 min)."""
    options = WebhookOptions()
    assert (options.host, options.secrets, options.max_body) == ("127.0.0.1", (), 1 << 20)
    assert options.horizon > 75 * 3600 + 35 * 60


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_unsigned_on_loopback(host: str) -> None:
    """Nobody else can come."""
    assert WebhookOptions(host=host).secrets == ()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"host": "0.0.0.0"}, "nobody signed"),  # noqa: S104 - refused
        ({"host": "hook.example"}, "nobody signed"),
        ({"secrets": ("",)}, "is no secret"),
        ({"secrets": ("good", "whsec_")}, "is no secret"),
        ({"secrets": ("whsec_no base64!",)}, "is no secret"),
        ({"horizon": "75h"}, "shorter than senders go on trying"),
        ({"path": "odds"}, "pattern"),
        ({"tolerance": "soon"}, "no span of time"),
    ],
)
def test_what_is_wrong(given: dict[str, object], says: str) -> None:
    """Refused before anything listens; no secret is quoted."""
    with pytest.raises(ValidationError, match=says) as caught:
        WebhookOptions.model_validate(given)
    assert "base64!" not in str(caught.value)


def test_a_public_address_with_a_secret() -> None:
    """Is for whoever knows it."""
    assert len(WebhookOptions.model_validate({"host": "0.0.0.0", "secrets": ["a", "whsec_AAAA"]}).secrets) == 2  # noqa: S104 - signed
