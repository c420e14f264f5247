"""The model's facts beside a store's."""

from ingestd.testing.exchange.compare import Difference, differences
from ingestd.testing.exchange.model import COLUMNS, Row

EXPECTED: dict[str, set[Row]] = {table: set() for table in COLUMNS} | {
    "leagues": {(1, "football", "Hill League"), (2, "football", "River Cup")}
}


def test_the_order_of_columns_and_what_nobody_decides_make_no_difference() -> None:
    """A store may have more columns, in another order."""
    found = {"leagues": [("name='Hill League'", "id=1", "sport='football'", "since=5"), ("name='River Cup'", "id=2", "sport='football'")]}
    assert differences(EXPECTED, found) == {}


def test_what_is_missing_and_what_is_too_much_is_named() -> None:
    """Both sides, table by table."""
    found = {"leagues": [("id=1", "sport='football'", "name='Hill League'"), ("id=3", "sport='football'", "name='Nobody'")]}
    missing = ("id=2", "sport='football'", "name='River Cup'")
    surplus = ("id=3", "sport='football'", "name='Nobody'")
    assert differences(EXPECTED, found) == {"leagues": Difference([missing], [surplus], 1, 1)}
