"""The one statement: what it carries comes out as it went in."""

from itertools import islice

from ingestd.store.checks import WORDS, decoded_words
from ingestd.store.connect import connect_postgres, target
from ingestd.store.postgres_sql import EVERYTHING, EVERYTHING_FINITE, columns


async def test_words_survive_their_number(postgres_url: str) -> None:
    """Every combination of own status, shown status, result and time basis."""
    db = await connect_postgres(target(postgres_url, "public"))
    found = await db.fetch(f"SELECT {', '.join(decoded_words('code'))} FROM unnest($1::int2[]) AS t (code)", list(WORDS.values()))
    await db.close()
    assert [tuple(row[place] for place in range(4)) for row in found] == list(WORDS)


def test_arguments_are_numbered_without_a_hole() -> None:
    """As many as are given, each used."""
    for said in (*EVERYTHING.values(), EVERYTHING_FINITE):
        missing = [place for place in range(1, 38) if f"${place}:" not in said and f"${place})" not in said and f"${place} " not in said]
        assert missing == []
        assert "$38" not in said


def test_no_rows_are_empty_columns() -> None:
    """``unnest`` wants an array for each column."""
    assert columns([], 3) == [(), (), ()]
    assert list(islice(columns([(1, "a"), (2, "b")], 2), 2)) == [(1, 2), ("a", "b")]
