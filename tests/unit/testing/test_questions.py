"""Questions are read from a page as a person reads them."""

from ingestd.testing.questions import questions

PAGE = """# Page

```sql
ignored, for nobody asked;
```

## What?

Words.

```sql
select 1;
```

And also:

```sql
select 2
from x;
```

## Which?

```text
no SQL
```
"""


def test_sql_by_question() -> None:
    """Under its heading, in order, without the last semicolon."""
    assert questions(PAGE) == {"": "ignored, for nobody asked", "What?": "select 1", "What? (2)": "select 2\nfrom x"}
