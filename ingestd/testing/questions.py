"""The questions of ``docs/queries.md``: what is asked, and the SQL that answers it."""

import re
from collections.abc import Mapping
from typing import Final

_PART: Final = re.compile(r"^## (?P<title>[^\n]+)$|^```sql\n(?P<sql>.*?)^```$", re.MULTILINE | re.DOTALL)


def questions(page: str) -> Mapping[str, str]:
    """SQL by question, in the order of the page; of several under one heading the second is ``question (2)``."""
    found: dict[str, str] = {}
    title, count = "", 0
    for part in _PART.finditer(page):
        if part["title"]:
            title, count = part["title"], 0
            continue
        count += 1
        found[title if count == 1 else f"{title} ({count})"] = part["sql"].strip().removesuffix(";")
    return found
