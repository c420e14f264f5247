"""Text as comparable words."""

import pytest

from ingestd.pipeline.matching.words import fold, skeleton, tidy


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("1. FC Köln", "1 fc koln"),
        ("D.C. United", "dc united"),
        ("Nott'm Forest", "nottm forest"),
        ("M’gladbach", "mgladbach"),
        ("Texas A&M", "texas am"),
        ("Brighton & Hove Albion", "brighton hove albion"),
        ("Bodø/Glimt", "bodo glimt"),
        ("Спартак Москва", "spartak moskva"),
        ("Ολυμπιακός", "olympiakos"),
        ("  ", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    """Case, accents, alphabets and punctuation go; words stay."""
    assert fold(text) == folded


@pytest.mark.parametrize(("one", "other"), [("olympiakos", "olympiacos"), ("malmoe", "malmo"), ("kharkiv", "harkiv"), ("dynamo", "dinamo")])
def test_skeleton(one: str, other: str) -> None:
    """Spellings of one sound have one skeleton."""
    assert skeleton(one) == skeleton(other)


def test_skeleton_tells_apart() -> None:
    """It is no hash of everything."""
    assert skeleton("austria") != skeleton("australia")


def test_tidy() -> None:
    """Single blanks, nothing else."""
    assert tidy("  1. FC\u00a0Köln ") == "1. FC Köln"
