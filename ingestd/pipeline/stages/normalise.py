"""Bring an update into the form the book expects, without judging it."""

from typing import Final

from msgspec.structs import replace

from ingestd.model import NO_PRICE, SECOND, Gap, Quote, Update

FUTURE: Final = 5 * SECOND
"""A provider's stamp further ahead of our own clock than this counts as none."""


def normalise(update: Update, received_at: int) -> Update:
    """Drop stamps from the future; turn a price of 1.0 (a stake back and no more) into "no price, suspended"."""
    if isinstance(update, Quote):
        if update.price == 1.0:
            update = replace(update, price=NO_PRICE, status="suspended" if update.status == "open" else update.status)
    elif isinstance(update, Gap):
        return update
    stamp = update.changed_at
    if stamp is not None and stamp > received_at + FUTURE:
        return replace(update, changed_at=None, nominal=False) if isinstance(update, Quote) else replace(update, changed_at=None)
    return update
