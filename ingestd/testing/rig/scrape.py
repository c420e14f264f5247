"""What one scrape says of its own accounts (I6), and what two say of each other."""

from collections.abc import Mapping
from typing import Final

from ingestd.model import OUTCOMES

Page = Mapping[str, float]
"""Series by name and labels, without the prefix, as ``DaemonProcess.metrics`` reads them."""
GROWS: Final = ("_total", "_bucket", "_count", "_sum")


def in_flight(page: Page, source: str) -> float:
    """Frames that are durable and not yet in the store."""
    return _of(page, "frames_journalled_total", source) - _of(page, "frames_loaded_total", source)


def unbalanced(page: Page, source: str) -> list[str]:
    """Sums of one page that do not add up for this source; each as a line. One that has read nothing balances."""
    read, journalled, dropped = (
        _of(page, "frames_read_total", source),
        _of(page, "frames_journalled_total", source),
        page.get(f'dropped_records_total{{reason="journal_full",source="{source}",stage="journal"}}', 0),
    )
    waiting = _of(page, "frames_waiting", source)
    received = _of(page, "updates_received_total", source)
    outcomes = {outcome: page.get(f'transformed_records_total{{outcome="{outcome}",source="{source}"}}', 0) for outcome in OUTCOMES}
    duplicates = sum(value for name, value in page.items() if name.startswith("duplicate_records_total{") and f'source="{source}"' in name)
    wrong = {
        f"read {read:g} = journalled {journalled:g} + dropped {dropped:g} + waiting {waiting:g}": read == journalled + dropped + waiting,
        f"journalled {journalled:g} >= loaded {journalled - in_flight(page, source):g}": in_flight(page, source) >= 0 or not read,
        f"received {received:g} = {outcomes}": received == sum(outcomes.values()),
        f"duplicates {outcomes['duplicate']:g} = by cause {duplicates:g}": outcomes["duplicate"] == duplicates,
    }
    return [said for said, well in wrong.items() if not well]


def fallen(before: Page, after: Page) -> list[str]:
    """Series that may only grow and did not, or are gone."""
    return [
        f"{name}: {value:g}, then {after.get(name)}"
        for name, value in before.items()
        if name.partition("{")[0].endswith(GROWS) and after.get(name, -1.0) < value
    ]


def _of(page: Page, name: str, source: str) -> float:
    return page.get(f'{name}{{source="{source}"}}', 0)
