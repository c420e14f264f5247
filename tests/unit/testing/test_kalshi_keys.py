"""The judgement of a signature."""

import base64
import time
from collections.abc import Callable, Mapping

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ingestd.testing.kalshi_keys import KEY_ID, SKEW, Gate, key, private_key

PATH = "/trade-api/ws/v2"


def signed(path: str = PATH, *, stamp: int | None = None, salt: int = 32, name: str = KEY_ID) -> Mapping[str, str]:
    """Headers as a client makes them."""
    at = time.time_ns() // 1_000_000 if stamp is None else stamp
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
    signature = key().sign(f"{at}GET{path}".encode(), pss, hashes.SHA256())
    return {
        "KALSHI-ACCESS-KEY": name,
        "KALSHI-ACCESS-TIMESTAMP": str(at),
        "KALSHI-ACCESS-SIGNATURE": base64.b64encode(signature).decode(),
    }


def test_a_right_signature_is_let_in() -> None:
    """Over the path without its query."""
    gate = Gate()
    assert gate.judge(signed(), f"{PATH}?x=1") == ""
    assert (gate.admitted, gate.refused) == (1, [])


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (lambda: signed("/elsewhere"), "signature"),
        (lambda: signed(salt=20), "signature"),
        (lambda: {**signed(), "KALSHI-ACCESS-SIGNATURE": "no base64"}, "signature"),
        (lambda: {**signed(), "KALSHI-ACCESS-SIGNATURE": ""}, "signature"),
        (lambda: signed(stamp=time.time_ns() // 1_000_000 - 2 * SKEW), "timestamp"),
        (lambda: {**signed(), "KALSHI-ACCESS-TIMESTAMP": "now"}, "timestamp"),
        (lambda: signed(name="other"), "unknown_key"),
        (dict, "unknown_key"),
    ],
    ids=["path", "salt", "base64", "empty", "late", "no time", "stranger", "nothing"],
)
def test_a_wrong_one_is_not(make: Callable[[], Mapping[str, str]], wrong: str) -> None:
    """And the reason is remembered."""
    gate = Gate()
    assert gate.judge(make(), PATH) == wrong
    assert gate.refused == [wrong]


def test_the_key_is_handed_out_in_pem() -> None:
    """Readable by any library."""
    found = load_pem_private_key(private_key().encode(), None)
    assert isinstance(found, rsa.RSAPrivateKey)
    assert found.private_numbers() == key().private_numbers()
