"""Whether a request was signed by one who knows a secret, just now: the scheme of Standard Webhooks, version v1.

Source: Standard Webhooks specification 1.0.0, "Signature scheme". HMAC-SHA256 over ``id.timestamp.body``, the body as it was sent.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from pydantic import SecretStr

from ingestd.model import SECOND

PREFIX: Final = "whsec_"
ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
LONGEST_ID: Final = 256
LONGEST_TIMESTAMP: Final = 12
"""Digits; beyond, it is no time."""


class Unproven(Exception):
    """A request that is not to be believed; ``reason`` is one word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Claim(Struct, frozen=True):
    """What the headers of a request claim: its id, its time as text, and its signatures."""

    id: str
    timestamp: str
    signatures: str


def key_of(secret: SecretStr) -> bytes:
    """The bytes that sign. Raises ValueError for an empty secret, or one whose base64 is none."""
    text = secret.get_secret_value()
    key = b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else text.encode()
    if not key:
        raise ValueError("empty")
    return key


def claimed(headers: Mapping[str, str], now: int, tolerance: float) -> Claim:
    """What the headers claim, if it can be true at ``now`` (UTC µs) give or take ``tolerance`` seconds, both ends included.

    Raises Unproven: ``unsigned``, ``stale``.
    """
    claim = Claim(headers.get(ID, ""), headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, ""))
    if not is_id(claim.id) or not claim.signatures:
        raise Unproven("unsigned")
    stamp = claim.timestamp
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= LONGEST_TIMESTAMP):
        raise Unproven("unsigned")
    if abs(now - int(stamp) * SECOND) > tolerance * SECOND:
        raise Unproven("stale")
    return claim


def prove(claim: Claim, body: bytes, keys: Sequence[bytes]) -> None:
    """Check the claim against every key, always all of them. Raises Unproven: ``signature``."""
    text = f"{claim.id}.{claim.timestamp}.".encode() + body
    wanted = [b64encode(hmac.digest(key, text, "sha256")) for key in keys]
    given = [
        value.encode("utf-8", "surrogateescape")
        for kind, _, value in (one.partition(",") for one in claim.signatures.split(" "))
        if kind == "v1"
    ]
    matches = [hmac.compare_digest(one, other) for one in wanted for other in given]
    if not any(matches):
        raise Unproven("signature")


def is_id(text: str) -> bool:
    """Whether it can name a delivery: visible ASCII, and not too long."""
    return 0 < len(text) <= LONGEST_ID and text.isascii() and text.isprintable() and " " not in text
