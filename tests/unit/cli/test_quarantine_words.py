"""The words of ``ingestd quarantine``."""

import pytest
from typer.testing import CliRunner

from ingestd.cli.quarantine_words import quarantine


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["retry"], "name records by their ids, or a --source or --category"),
        (["retry", "-5", "--source", "demo"], "one or the other"),
        (["discard", "--reason", "noise"], "name records by their ids"),
        (["discard", "-5"], "Missing option '--reason'"),
        (["show", "one"], "Invalid value for"),
    ],
)
def test_what_cannot_be_meant(words: list[str], problem: str) -> None:
    """Exit code 2, and what to write instead."""
    said = CliRunner().invoke(quarantine, words, terminal_width=200)
    assert (said.exit_code, problem in said.output) == (2, True)
