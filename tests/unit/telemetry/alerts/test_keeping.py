"""What fires, in a file."""

from pathlib import Path

import pytest

from ingestd.telemetry.alerts.book import Alert
from ingestd.telemetry.alerts.keeping import ALERTS, keep, kept

ALERT = Alert(rule="gap_rate", subject="a", text="text", severity="warning", since=1, seen_at=2, fired_at=3, told=True)


def test_there_and_back(tmp_path: Path) -> None:
    """As it was; nothing else is left beside it."""
    keep(tmp_path / ALERTS, [ALERT])
    keep(tmp_path / ALERTS, [ALERT])
    assert kept(tmp_path / ALERTS) == [ALERT]
    assert [path.name for path in tmp_path.iterdir()] == [ALERTS]


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"alerts": 7}', b"[" * 100_000])
def test_no_such_file(tmp_path: Path, content: bytes | None) -> None:
    """Or one that nobody can read: as if nothing had fired."""
    if content is not None:
        (tmp_path / ALERTS).write_bytes(content)
    assert kept(tmp_path / ALERTS) == []
