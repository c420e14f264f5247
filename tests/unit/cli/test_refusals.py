"""Why something is in quarantine, in plain words."""

import pytest

from ingestd.cli.refusals import advice, says, visible


@pytest.mark.parametrize(
    ("stage", "category", "means", "do"),
    [
        (
            "validate",
            "price",
            "a price lies between 1 and 1,000,000; 0 is none, and none is not open",
            "if the provider was wrong: discard",
        ),
        ("decode", "shape", "a part of a message is not what it should be", "a corrected mapping reads it: retry"),
        ("decode", "bug", "ingestd could not cope with it", "report it with the stack below"),
        ("decode", "no_base", "a change came before its image", "find what broke the base"),
        ("load", "store", "the database would not take the row", "the database says below"),
        ("decode", "never_heard_of", "", "the provider may have changed its messages"),
    ],
)
def test_what_it_means_and_what_to_do(stage: str, category: str, means: str, do: str) -> None:
    """A rule speaks for itself; of what nobody has words for, only the advice."""
    assert says(stage, category) == means
    assert do in advice(stage, category)


def test_nothing_speaks_to_the_terminal() -> None:
    """Escapes, bells, breaks and turned writing are written out; what is too long is cut."""
    assert visible("a\x1b[2J\x07\r\n\u202eb\u00e9") == "a\\x1b[2J\\x07\\r\\n\\u202eb\u00e9"
    assert visible("x" * 300) == "x" * 239 + "…"
