"""The one place where secrets leave whatever is said: logs, Sentry, alerts, incidents, health, metrics all go through it."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar
from urllib.parse import quote, quote_plus, unquote, urlsplit

REDACTED: Final = "***"
SHORTEST: Final = 4
"""A shorter secret would black out innocent words everywhere."""
SHORTEST_PART: Final = 8
"""As above, for what is only a part of a secret: a path, a line of a key."""
USERINFO: Final = re.compile(r"://[^/@\s]+@")
PROOF: Final = re.compile(r"(?i)\b(basic|bearer)\s+[\w+/.~-]{6,}=*")
"""What proves who asks, as HTTP carries it: made from secrets, and not one of them."""

T = TypeVar("T")


class Redactor:
    """Knows every secret and each form in which one may turn up. Secrets under four characters are not covered."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def register(self, secrets: Iterable[str]) -> None:
        """Never let these texts out."""
        self._known.update(form for secret in secrets for form in _forms(secret))
        longest_first = sorted(self._known, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, value: str) -> str:
        """The text without any secret."""
        if self._pattern is not None:
            value = self._pattern.sub(REDACTED, value)
        if "://" in value:
            value = USERINFO.sub(f"://{REDACTED}@", value)
        return PROOF.sub(rf"\1 {REDACTED}", value)

    def page(self, body: bytes) -> bytes:
        """A page of UTF-8 text without any secret."""
        return self.text(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def tree(self, value: object) -> object:
        """Lists and mappings of texts, keys included, without any secret."""
        if isinstance(value, str | bytes):
            return self.text(value) if isinstance(value, str) else self.page(value)
        if isinstance(value, Mapping):
            return {self.tree(key): self.tree(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.tree(inner) for inner in value]
        return value


def _forms(secret: str) -> Iterator[str]:
    """The secret, what it is made of, and how URLs, JSON, Python and HTTP write each."""
    for text in {secret, *_parts(secret)}:
        if len(text) < SHORTEST:
            continue
        yield from (text, quote(text, safe=""), quote(text), quote_plus(text), unquote(text))
        yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
        yield from (ascii(text)[1:-1], repr(text)[1:-1], b64encode(text.encode("utf-8", "surrogatepass")).decode())


def _parts(secret: str) -> Iterator[str]:
    """Lines of a key; of a URL its path, its query's values and who it says it is."""
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= SHORTEST_PART and not line.startswith("-----"))
    if "://" not in secret:
        return
    try:
        place = urlsplit(secret)
    except ValueError:
        return
    values = [part.partition("=")[2] for part in place.query.split("&")]
    yield from (part for part in (place.path.strip("/"), *values) if len(part) >= SHORTEST_PART)
    yield from (part for part in (place.username, place.password) if part)
