"""The words of ``ingestd events`` reach what they name."""

import typer
from typer.testing import CliRunner

from ingestd.cli.event_words import decisions, events

WORDS = {"list", "show", "review", "link", "unlink", "merge", "confirm", "reject", "undo", "alias", "score"}


def test_every_word_explains_itself() -> None:
    """With a sentence, and all of its options."""
    run = CliRunner()
    assert {command.name or getattr(command.callback, "__name__", "") for command in events.registered_commands} == WORDS
    for word in sorted(WORDS):
        said = run.invoke(events, [word, "--help"])
        assert (said.exit_code, "--json" in said.output) == (0, True), word
    assert {command.name for command in decisions.registered_commands} == {"list", "export", "import"}


def test_an_id_may_be_negative() -> None:
    """It is no option."""
    for word in ("show", "link", "merge", "list"):
        command = next(one for one in events.registered_commands if word in (one.name, getattr(one.callback, "__name__", "")))
        assert command.context_settings == {"ignore_unknown_options": True}
    assert isinstance(events, typer.Typer)
