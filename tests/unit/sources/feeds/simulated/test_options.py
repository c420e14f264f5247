"""Options of a simulated source."""

import pytest
from pydantic import ValidationError

from ingestd.sources.feeds.simulated.options import SimulatedOptions
from ingestd.testing.exchange.options import FIELDS, flags, parse


def test_the_exchange_understands_what_the_source_passes_on() -> None:
    """Every option but the source's own three is one of the exchange, and arrives there unchanged."""
    options = SimulatedOptions(events=3, rate=0, disorder={"hole": 0.25})
    settings = options.model_dump()
    assert set(settings) - set(FIELDS) == {"url", "connect_timeout"}
    exchange, _ = parse(flags(settings))
    assert {name: getattr(exchange, name) for name in FIELDS if name in settings} == {k: v for k, v in settings.items() if k in FIELDS}


@pytest.mark.parametrize(
    "wrong", [{"url": "http://x"}, {"events": 0}, {"markets": 13}, {"rate": -1}, {"disorder": {"hole": 2}}, {"colour": "red"}]
)
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    """Before anything starts."""
    with pytest.raises(ValidationError):
        SimulatedOptions.model_validate(wrong)
