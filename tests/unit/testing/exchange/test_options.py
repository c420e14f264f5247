"""The exchange's command line."""

import sys

import pytest

from ingestd.testing.exchange.options import Options, Place, command, flags, parse


def test_flags_say_what_parse_reads() -> None:
    """Settings survive the way through the command line; those of others are left out."""
    settings = {"events": 3, "rate": 0.5, "disorder": {"swap": 0.1}, "clock": "wall", "url": "ws://elsewhere"}
    options, place = parse([*flags(settings), "--port", "99", "--with-parent"])
    assert options == Options(events=3, rate=0.5, disorder={"swap": 0.1}, clock="wall")
    assert place == Place(host="127.0.0.1", port=99, with_parent=True)


def test_the_command_ends_with_its_parent() -> None:
    """An exchange started by ``run`` never outlives it."""
    assert command({"seed": 4}) == [sys.executable, "-m", "ingestd.testing.exchange", "--with-parent", "--seed", "4"]


@pytest.mark.parametrize("words", [["--events", "many"], ["--clock", "moon"], ["--disorder", '{"fire":1}'], ["--colour", "red"]])
def test_nonsense_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 2, as command lines do."""
    with pytest.raises(SystemExit) as caught:
        parse(words)
    assert caught.value.code == 2
    assert "error" in capsys.readouterr().err
