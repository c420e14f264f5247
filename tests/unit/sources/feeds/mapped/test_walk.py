"""One document on its way."""

from ingestd.model import Complete, Fixture, Quote, Reject, Scope, Skipped
from tests.unit.sources.feeds.mapped.conftest import decoded, event, price, small


def test_what_cannot_be_mapped_is_rejected_alone() -> None:
    """With its path, the field, and why; everything around goes on."""
    document = {
        "events": [event(1, price("a", 2), price("b", "n/a"), price("c", "3.5")), {"id": 2, "markets": []}, event(3, price("a", None))]
    }
    said = decoded(small(), document)
    assert [(one.selection.outcome, one.price) for one in said if isinstance(one, Quote)] == [("a", 2.0), ("c", 3.5)]
    assert [one.name for one in said if isinstance(one, Fixture)] == ["E1", "E3"]
    assert [(one.category, one.path, one.reason) for one in said if isinstance(one, Reject)] == [
        ("number", "events[0].markets[0].prices[1]:quotes[0]", "price: 'n/a' is no number"),
        ("missing", "events[1]:fixture", "name: neither a name nor home and away are there"),
        ("missing", "events[2].markets[0].prices[0]:quotes[0]", "price: nothing at price.odds"),
    ]


def test_a_list_that_is_missing_is_rejected() -> None:
    """An empty one is not, and one that may be missing is not either."""
    (reject,) = decoded(small(), {"evnts": []})
    assert isinstance(reject, Reject)
    assert (reject.category, reject.path, reject.reason) == ("missing", "events", "nothing at doc.events")
    (reject,) = decoded(small(), {"events": "none"})
    assert isinstance(reject, Reject)
    assert reject.category == "type"
    assert decoded(small(), {"events": []}) == [Skipped("filtered", "unmapped")]
    optional = small()
    optional["walk"][0]["optional"] = True
    assert decoded(optional, {}) == [Skipped("filtered", "unmapped")]


def images(document: object, **over: object) -> list[tuple[Scope, int]]:
    """What is complete, and how much that lists."""
    mapping = small(**over)
    mapping["walk"][0]["walk"][0]["image"] = "market"
    mapping["walk"][0]["walk"][0]["walk"][0]["quotes"][0]["outcome"] = {"get": "price.name", "missing": "skip"}
    said = decoded(mapping, document, key="q")
    return [(one.scope, len(one.listed)) for one in said if isinstance(one, Complete)]


def test_images_within_images() -> None:
    """Each lists what is in it; a market that lists nothing is one as well."""
    document = {"events": [event(1, price("a", 2), price("b", 3)), event(2)]}
    markets = [(Scope("market", "m1"), 2), (Scope("market", "m2"), 0)]
    assert images(document) == markets
    assert images(document, image="query") == [*markets, (Scope("query", "q"), 2)]
    assert images(document, image="source") == [*markets, (Scope("source"), 2)]


def test_a_bad_price_is_still_listed() -> None:
    """What has a name is there, whatever its price; it is not withdrawn for being illegible."""
    assert images({"events": [event(1, price("a", "?"), price("b", 2))]}) == [(Scope("market", "m1"), 2)]


def test_what_has_no_name_leaves_the_image_open() -> None:
    """Nobody can tell what is no longer listed; other images are as sure as ever."""
    document = {"events": [event(1, {"name": {}, "odds": 2}, price("b", 2)), event(2, price("a", 2))]}
    assert images(document, image="query") == [(Scope("market", "m2"), 1)]


def test_what_is_left_out_is_counted() -> None:
    """And is in no image."""
    mapping = small(image="query")
    mapping["walk"][0]["walk"][0]["walk"][0]["quotes"][0]["price"] = {"get": "price.odds", "missing": "skip"}
    said = decoded(mapping, {"events": [event(1, price("a", None), price("b", None), price("c", 2))]}, key="q")
    assert [one for one in said if isinstance(one, Skipped)] == [Skipped("filtered", "left_out", 2)]
    assert [len(one.listed) for one in said if isinstance(one, Complete)] == [1]


def test_where() -> None:
    """As JMESPath has it: 0 is true, an empty text is not."""
    mapping = small()
    mapping["walk"][0]["walk"][0]["walk"][0]["where"] = "price.on"
    marks: tuple[object, ...] = (0, "x", True, "", False, None, [])
    said = decoded(mapping, {"events": [event(1, *(price(str(number), 2) | {"on": on} for number, on in enumerate(marks)))]})
    assert [one.selection.outcome for one in said if isinstance(one, Quote)] == ["0", "1", "2"]


def test_rows_that_do_not_fit_their_header() -> None:
    """Are rejected row by row, unless the mapping takes them."""
    mapping = small(format="csv", walk=[{"each": "doc", "as": "row", "fixture": {"sport": {"const": "tennis"}, "name": "row.name"}}])
    mapping["shared"]["event"] = "row.id"
    mapping["walk"][0]["shared"] = {"event": "row.id"}
    del mapping["shared"]["event"]
    said = decoded(mapping, b"id,name\n1,A\n2\n3,C,x\n4,D\n")
    assert [one.path for one in said if isinstance(one, Reject)] == ["[1]", "[2]"]
    assert [one.name for one in said if isinstance(one, Fixture)] == ["A", "D"]
    assert len([one for one in decoded(mapping | {"ragged": True}, b"id,name\n3,C,x\n") if isinstance(one, Fixture)]) == 1
