"""Who may come in at the emulated Kalshi: a key, and the judgement of a signature."""

import base64
import binascii
import time
from collections.abc import Mapping
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

KEY_ID: Final = "5d0f6f2e-emulated"
SKEW: Final = 5_000
"""Milliseconds that the client's clock may be off."""


@cache
def key() -> rsa.RSAPrivateKey:
    """The key of the one account there is."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def private_key() -> str:
    """The account's key as Kalshi hands it out."""
    return key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


class Gate:
    """Judges handshakes. ``skew``: how far this side's clock is ahead, in ms; ``admitted`` and ``refused`` count."""

    def __init__(self) -> None:
        self.skew = 0
        self.admitted = 0
        self.refused: list[str] = []

    def judge(self, headers: Mapping[str, str], path: str) -> str:
        """What is wrong with a handshake; empty: nothing."""
        wrong = self._wrong(headers, path)
        if wrong:
            self.refused.append(wrong)
        else:
            self.admitted += 1
        return wrong

    def _wrong(self, headers: Mapping[str, str], path: str) -> str:
        stamp = headers.get("KALSHI-ACCESS-TIMESTAMP", "")
        if headers.get("KALSHI-ACCESS-KEY") != KEY_ID:
            return "unknown_key"
        if not stamp.isdecimal() or abs(time.time_ns() // 1_000_000 + self.skew - int(stamp)) > SKEW:
            return "timestamp"
        try:
            signature = base64.b64decode(headers.get("KALSHI-ACCESS-SIGNATURE", ""), validate=True)
            text = f"{stamp}GET{path.partition('?')[0]}".encode()
            pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)
            key().public_key().verify(signature, text, pss, hashes.SHA256())
        except (InvalidSignature, binascii.Error):
            return "signature"
        return ""
