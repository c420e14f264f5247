"""Who may plan with how much of a month that several jobs pay from."""

from collections.abc import Mapping
from typing import Final

from ingestd.sources.cadence import Needs

DUST: Final = 1e-9
"""Credits that are none."""


def divide(left: float, wanted: Mapping[str, Needs]) -> dict[str, float]:
    """What each job may plan with.

    The last hours of all come first. Where they cost more than there is, every last hour gets as many polls as any other, or as many as
    are wished for it if those are fewer. Of the rest each job gets as much as any other, or what it needs if that is less: first for what
    is close, then for what is far. So whoever wishes to ask often gets no more than its share.
    """
    granted = _last_hours(left, wanted)
    equal = dict.fromkeys(wanted, 1.0)
    for layer in ({job: needs.close for job, needs in wanted.items()}, {job: needs.far for job, needs in wanted.items()}):
        for job, share in _level(max(0.0, left - sum(granted.values())), layer, equal).items():
            granted[job] += share
    return granted


def strain(left: float, wanted: Mapping[str, Needs]) -> float:
    """How many times slower than wished the last hours are asked for, where it is worst; 1: as wished. Less than a credit counts as one."""
    granted = _last_hours(max(1.0, left), wanted)
    return max((needs.last / granted[job] for job, needs in wanted.items() if granted[job] > 0), default=1.0)


def _last_hours(left: float, wanted: Mapping[str, Needs]) -> dict[str, float]:
    return _level(
        max(0.0, left), {job: needs.last for job, needs in wanted.items()}, {job: needs.last * needs.every for job, needs in wanted.items()}
    )


def _level(amount: float, wanted: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """Shares in proportion to weights, and what somebody does not need goes to the others."""
    shares = dict.fromkeys(wanted, 0.0)
    asking = sorted((need / weights[job], job) for job, need in wanted.items() if need > DUST)
    weight = sum(weights[job] for _, job in asking)
    for _, job in asking:
        shares[job] = min(wanted[job], amount * weights[job] / max(weight, weights[job]))
        amount -= shares[job]
        weight -= weights[job]
    return shares
