"""Why something was missed is said in a closed vocabulary: everything that code says is in it, is documented, and is said by somebody."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from ingestd.reasons import REASONS
from tests.house.conftest import MODULES, ROOT, parsed

SPEAKS: Final = {
    **dict.fromkeys(("Disconnected", "Refused", "broken", "_broken", "_down", "without"), 0),
    **dict.fromkeys(("Throttled", "Gap", "lose", "_missed", "_gap", "_telling", "park"), 1),
    "_turn": 2,
}
"""Functions that say why, and the place of the word among their arguments."""
WORD: Final = re.compile(r"[a-z][a-z_]+")
"""Others are a provider's own, or made of its number."""


def said() -> set[str]:
    """Every word in the place of a reason; alerts have a refusal of their own."""
    return {word for path in MODULES if not {"testing", "telemetry"} & set(path.parts) for word in _of(parsed(path))}


def _of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = SPEAKS.get(name, len(node.args))
            word = node.args[place] if place < len(node.args) else None
            if isinstance(word, ast.Constant) and isinstance(word.value, str) and WORD.fullmatch(word.value):
                yield word.value


def test_every_reason_is_in_the_vocabulary() -> None:
    """And much is said, or this would prove nothing."""
    words = said()
    assert sorted(words - set(REASONS)) == []
    assert len(words) > 40


def test_every_reason_is_said_by_somebody() -> None:
    """The vocabulary holds nothing that nobody says."""
    code = "".join(path.read_text(encoding="utf-8") for path in MODULES if path.name != "reasons.py")
    assert [word for word in REASONS if f'"{word}"' not in code] == []


def test_every_reason_is_documented() -> None:
    """With the same words as on the command line."""
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (.*) \|$", page[page.index("## Reasons") :], re.MULTILINE))
    assert rows == REASONS
