"""XML as plain mappings and lists that JMESPath can walk, by one rule, within bounds, without a DTD.

``{root: element}``. An element is a mapping: an attribute is ``@name``, its text (without the space around it) ``#text``, and the children
of one name are a list under that name, also where there is only one. Names keep their prefix; namespaces are not resolved.
"""

from typing import Final
from xml.parsers import expat

from ingestd.errors import Malformed

DEEPEST: Final = 64
"""Elements within each other."""
MOST: Final = 1_000_000
"""Elements and attributes of a document."""

Element = dict[str, object]


class _Builder:
    def __init__(self) -> None:
        self.root: Element = {}
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._count = 0

    def start(self, name: str, attributes: list[str]) -> None:
        self._count += 1 + len(attributes) // 2
        if self._count > MOST or len(self._open) >= DEEPEST:
            raise Malformed("oversize", f"more than {MOST} elements, or more than {DEEPEST} within each other")
        element: Element = {f"@{key}": value for key, value in zip(attributes[::2], attributes[1::2], strict=True)}
        if self._open:
            siblings = self._open[-1].setdefault(name, [])
            if isinstance(siblings, list):
                siblings.append(element)
        else:
            self.root[name] = element
        self._open.append(element)
        self._texts.append([])

    def end(self, _name: str) -> None:
        element = self._open.pop()
        if said := "".join(self._texts.pop()).strip():
            element["#text"] = said

    def characters(self, data: str) -> None:
        self._texts[-1].append(data)


def _refuse(*_: object) -> None:
    raise Malformed("dtd", "a document type or an entity is declared; neither is taken")


def parse(payload: bytes) -> Element:
    """The document. Raises Malformed: ``dtd``, ``oversize``, ``format``."""
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        # LookupError: an encoding that nobody knows
        parser.Parse(payload.strip(), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Malformed("format", str(error)) from error
    return builder.root
