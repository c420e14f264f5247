"""Metrics as Prometheus reads them, in its own text form and in OpenMetrics: written here, because a page may have 80,000 lines."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from math import isfinite
from typing import Final, Literal

from msgspec import Struct

Kind = Literal["counter", "gauge", "histogram"]
Key = tuple[str, ...]
ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Seen(Struct, frozen=True):
    """Of a histogram: observations by bucket (the last one has no upper bound), and their sum."""

    counts: tuple[int, ...]
    total: float


class Family(Struct, frozen=True):
    """One metric as it stands. ``labels``: their names. ``series``: by their values; a histogram has ``seen`` and upper ``bounds``."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...]
    series: Mapping[Key, float]
    seen: Mapping[Key, Seen]
    bounds: tuple[float, ...]


class Writer:
    """Writes pages, again and again; remembers how labels are written."""

    def __init__(self) -> None:
        self._labels: dict[tuple[str, ...], dict[Key, str]] = {}

    def page(self, families: Iterable[Family], *, openmetrics: bool) -> str:
        """All of them, without what ends a page."""
        return "".join([line for family in families for line in self._family(family, openmetrics=openmetrics)])

    def _family(self, family: Family, *, openmetrics: bool) -> Iterator[str]:
        # OpenMetrics names a counter without its suffix, which only its samples have
        title = family.name.removesuffix("_total") if openmetrics else family.name
        yield f"# HELP {title} {family.help}\n# TYPE {title} {family.kind}\n"
        written = self._labels.setdefault(family.labels, {})
        name = family.name
        for key, value in family.series.items():
            text = written.get(key)
            if text is None:
                text = written[key] = _labels(family.labels, key)
            yield f"{name}{{{text}}} {_number(value)}\n" if text else f"{name} {_number(value)}\n"
        bounds = (*map(str, family.bounds), "+Inf")
        for key, seen in family.seen.items():
            text = written.get(key)
            if text is None:
                text = written[key] = _labels(family.labels, key)
            below = f"{text}," if text else ""
            sums = list(accumulate(seen.counts))
            for bound, count in zip(bounds, sums, strict=True):
                yield f'{name}_bucket{{{below}le="{bound}"}} {count}\n'
            own = f"{{{text}}}" if text else ""
            yield f"{name}_count{own} {sums[-1]}\n{name}_sum{own} {_number(seen.total)}\n"


def _labels(names: tuple[str, ...], key: Key) -> str:
    return ",".join(f'{name}="{value.translate(ESCAPES)}"' for name, value in sorted(zip(names, key, strict=True)))


def _number(value: float) -> str:
    # none of ours is NaN
    return repr(value) if isfinite(value) else f"{value:+}".title()
