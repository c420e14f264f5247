"""The signature, against the example of the specification and against every flipped bit."""

import base64

import pytest
from pydantic import SecretStr

from ingestd.sources.transports.webhook.signature import Claim, Unproven, claimed, key_of, prove
from tests.unit.sources.transports.webhook.conftest import KEY, NOW, signed

# Standard Webhooks specification, "Verifying signatures": the vector of its reference libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE = Claim("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
BODY = b'{"test": 2432232314}'


def test_the_example_of_the_specification() -> None:
    """Raises nothing."""
    prove(EXAMPLE, BODY, [b"another", key_of(SecretStr(SECRET))])


def flips(text: bytes) -> list[bytes]:
    """The text with each bit flipped in turn."""
    return [text[:place] + bytes((text[place] ^ 1 << bit,)) + text[place + 1 :] for place in range(len(text)) for bit in range(8)]


def test_every_flipped_bit_is_seen() -> None:
    """In id, time, body and signature."""
    key = key_of(SecretStr(SECRET))
    kind, _, value = EXAMPLE.signatures.partition(",")
    forged = [(EXAMPLE, body) for body in flips(BODY)]
    forged += [(Claim(text.decode("latin-1"), EXAMPLE.timestamp, EXAMPLE.signatures), BODY) for text in flips(EXAMPLE.id.encode())]
    forged += [(Claim(EXAMPLE.id, text.decode("latin-1"), EXAMPLE.signatures), BODY) for text in flips(EXAMPLE.timestamp.encode())]
    forged += [
        (Claim(EXAMPLE.id, EXAMPLE.timestamp, f"{kind},{base64.b64encode(digest).decode()}"), BODY)
        for digest in flips(base64.b64decode(value))
    ]
    for claim, body in forged:
        with pytest.raises(Unproven, match="signature"):
            prove(claim, body, [key])
    assert len(forged) == 8 * (len(BODY) + len(EXAMPLE.id) + 10 + 32)


def test_what_headers_claim() -> None:
    """Is what is proven then."""
    claim = claimed(signed(b"x"), NOW * 1_000_000, 300)
    prove(claim, b"x", [KEY])


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_*"])
def test_a_secret_that_is_none(secret: str) -> None:
    """Would sign whatever anybody sends."""
    with pytest.raises(ValueError, match=r".*"):
        key_of(SecretStr(secret))
