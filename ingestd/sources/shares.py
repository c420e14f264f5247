"""Who may plan with how much of a month that several jobs pay from."""

from collections.abc import Mapping

from ingestd.sources.cadence import Needs


def strain(left: float, wanted: Mapping[str, Needs]) -> float:
    """How many times slower than wished all last hours are asked for; 1: as wished. With less than a credit left, as with one."""
    last = sum(needs.last for needs in wanted.values())
    return 1.0 if last <= left else max(1.0, last / max(1.0, left))


def divide(left: float, wanted: Mapping[str, Needs]) -> dict[str, float]:
    """What each job may plan with.

    The last hours of all come first, cut evenly where they cost more than there is. Of the rest each gets as much as any other, or what
    it needs if that is less: first for what is close, then for what is far. Whoever wishes to ask often gets no more than its share.
    """
    last = sum(needs.last for needs in wanted.values())
    paid = 1.0 if last <= left else max(0.0, left) / last
    granted = {job: needs.last * paid for job, needs in wanted.items()}
    for layer in ({job: needs.close for job, needs in wanted.items()}, {job: needs.far for job, needs in wanted.items()}):
        for job, share in _level(max(0.0, left - sum(granted.values())), layer).items():
            granted[job] += share
    return granted


def _level(amount: float, wanted: Mapping[str, float]) -> dict[str, float]:
    """Equal shares, and what somebody does not need goes to the others."""
    shares = {}
    for count, (job, need) in enumerate(sorted(wanted.items(), key=lambda pair: (pair[1], pair[0]))):
        shares[job] = min(need, amount / (len(wanted) - count))
        amount -= shares[job]
    return shares
