"""Messages to bytes."""

import msgspec

from ingestd.testing.exchange import wire


def _market(name: str, quotes: int) -> wire.MarketState:
    listed = [wire.Listed(i, 2.0, None, None, "open", 1, "ns", "home", "", "back") for i in range(quotes)]
    return wire.MarketState(name, "E1", "match_odds", "", "open", 1, listed)


def test_a_delta_is_one_short_frame() -> None:
    """As documented, field by field."""
    delta = wire.Delta(n=7, t=9, market="E1.1", quotes=[wire.Price(0, 1.5, None, -0.5, "open")])
    assert wire.encode(delta, 500) == [b'{"op":"delta","n":7,"t":9,"market":"E1.1","quotes":[[0,1.5,null,-0.5,"open"]]}']


def test_an_image_is_cut_between_markets() -> None:
    """Each part has about a segment of quotes; what is not a price goes with the first."""
    image = wire.Image(n=1, t=1, part=1, parts=1, bookmakers=[], fixtures=[], results=[], markets=[_market(f"m{k}", 4) for k in range(5)])
    parts = [msgspec.json.decode(frame, type=wire.Image) for frame in wire.encode(image, 8)]
    assert [(part.part, part.parts, [market.id for market in part.markets]) for part in parts] == [
        (1, 3, ["m0", "m1"]),
        (2, 3, ["m2", "m3"]),
        (3, 3, ["m4"]),
    ]
