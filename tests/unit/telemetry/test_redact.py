"""Secrets, in whatever form they turn up."""

import json
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.telemetry.redact import Redactor

PASSWORD = 'p@ss wörd/"1\\'
"""Everything that somebody writes differently."""


def knowing(*secrets: str) -> Redactor:
    """A redactor that knows these."""
    redactor = Redactor()
    redactor.register(secrets)
    return redactor


@pytest.mark.parametrize(
    "form",
    [
        PASSWORD,
        quote(PASSWORD),
        quote(PASSWORD, safe=""),
        quote_plus(PASSWORD),
        json.dumps(PASSWORD),
        json.dumps(PASSWORD, ensure_ascii=False),
        repr(PASSWORD),
        ascii(PASSWORD),
        b64encode(PASSWORD.encode()).decode(),
    ],
)
def test_forms(form: str) -> None:
    """As URLs, JSON, Python and HTTP write it."""
    said = knowing(PASSWORD).text(f"before {form} after")
    assert "rd" not in said
    assert said.startswith("before ")
    assert said.endswith(" after")


def test_parts() -> None:
    """Lines of a key, the path and query of a webhook, who a DSN says it is; not what is innocent in them."""
    key = "-----BEGIN PRIVATE KEY-----\nMIIabcdefgh\nshort\nQRSTUVWXYZ==\n-----END PRIVATE KEY-----"
    redactor = knowing(key, "https://hooks.example.org/services/T00/B00/s3cr3t?token=abcdefgh12", "https://publickey@sentry.example.org/7")
    said = redactor.text("MIIabcdefgh QRSTUVWXYZ== short services/T00/B00/s3cr3t abcdefgh12 publickey hooks.example.org /7")
    assert said == "*** *** short *** *** *** hooks.example.org /7"


def test_proofs() -> None:
    """What HTTP carries as proof of who asks, and the user part of any URL, known or not."""
    redactor = Redactor()
    assert redactor.text("Authorization: Basic dXNlcjpwYXNz, bearer abc.def-ghi") == "Authorization: Basic ***, bearer ***"
    assert redactor.text("postgresql://joe:pw@h/d and basic training") == "postgresql://***@h/d and basic ***"


def test_short_ones() -> None:
    """Under four characters they would black out innocent words; of two that begin alike the longer goes first."""
    assert knowing("abc", "").text("abc abcd") == "abc abcd"
    assert knowing("hunter2", "hunter2-long").text("hunter2-long hunter2") == "*** ***"


def test_trees_and_pages() -> None:
    """Keys, values, bytes and lists; what is no text stays."""
    redactor = knowing("hunter2")
    assert redactor.tree({"hunter2": ["a hunter2", ("x", b"hunter2"), 7, None]}) == {"***": ["a ***", ["x", b"***"], 7, None]}
    assert redactor.page(b"\xff hunter2") == b"\xff ***"


@given(st.text(min_size=4), st.text(), st.text())
def test_none_passes(secret: str, before: str, after: str) -> None:
    """Whatever stands around it."""
    redactor = knowing(secret)
    assert redactor.text(secret) in {"***", "***" * len(secret)}
    assert secret not in redactor.text(before + secret + after).replace("***", "")
