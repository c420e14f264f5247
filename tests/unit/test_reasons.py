"""Reasons in plain words."""

import pytest

from ingestd.reasons import REASONS, plain


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", ""),
        ("silent", REASONS["silent"]),
        ("http_429", "the provider answered HTTP 429"),
        ("error_17", "the provider answered with error 17"),
        ("too_many_requests", "the provider said 'too_many_requests'"),
    ],
)
def test_plain(reason: str, words: str) -> None:
    """Known words, words with the provider's number, and its own."""
    assert plain(reason) == words
