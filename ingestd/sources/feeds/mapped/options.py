"""What a mapped source may be told: where its documents come from, and what they mean."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, SecretStr, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from ingestd.errors import ConfigError
from ingestd.settings import read_tree
from ingestd.settings.units import Seconds, hinted
from ingestd.sources.cadence import Cadence
from ingestd.sources.feeds.mapped.fields import Part
from ingestd.sources.feeds.mapped.mapping import Mapping
from ingestd.sources.feeds.mapped.paths import Expression
from ingestd.sources.feeds.mapped.program import problems
from ingestd.sources.kind import FeedOptions
from ingestd.sources.transports.webhook import WebhookOptions

TRANSPORTS: Final = ("polling", "websocket", "sse", "webhook", "files")
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]


class AuthOptions(Part):
    """Proof of who asks."""

    kind: Literal["header", "query", "basic", "oauth2"] = Field(description="where the secret goes")
    name: str = Field("", description="header: its name (left out: Authorization); query: the parameter's name")
    prefix: str = Field("", description="header: what stands before the secret, such as 'Bearer '")
    secret: SecretStr = Field(description="key, password or client secret")
    user: str = Field("", description="basic: user name; oauth2: client id")
    token_url: str = Field("", pattern=r"^(https?://[^\s]+)?$", description="oauth2: where tokens are got")
    scope: str = Field("", description="oauth2: what the token should allow")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        wanted = {"header": (), "query": ("name",), "basic": ("user",), "oauth2": ("user", "token_url")}[self.kind]
        for key in wanted:
            if not getattr(self, key):
                raise hinted("is missing", f"authentication of kind {self.kind} needs it", key)
        if not self.secret.get_secret_value():
            raise hinted("is empty", "give the key that the provider gave you", "secret")
        return self


class QueryOptions(Part):
    """One thing to ask for, again and again."""

    url: HttpUrl
    params: dict[str, str] = Field({}, description="parameters of the query")
    interval: Seconds | None = Field(None, ge=0.01, description="from one walk to the next; left out: that of all")
    cost: float = Field(1.0, ge=0, description="what a request counts in the budget")


class PagingOptions(Part):
    """How an answer says that there is more."""

    kind: Literal["link", "cursor", "offset"] = Field(description="link: it names the next address; cursor: a token; offset: it is counted")
    next: Expression | None = Field(None, description="link, cursor: where that stands; of a link left out: the header Link, rel=next")
    items: Expression | None = Field(None, description="offset: the list of which the elements are counted")
    param: str = Field("offset", description="cursor, offset: the parameter that asks for the next page")
    size: int = Field(100, ge=1, description="offset: elements of a full page; a shorter one is the last")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.kind == "cursor" and self.next is None:
            raise hinted("is missing", "write where the cursor stands: doc.next_cursor", "next")
        if self.kind == "offset" and self.items is None:
            raise hinted("is missing", "write which list is counted: doc.events", "items")
        return self


class LimitOptions(Part):
    """What may be asked for at the most."""

    amount: float = Field(gt=0, description="requests, or what they cost")
    per: Seconds | Literal["month"] = Field(description="a span, or month: a calendar month in UTC")


class PollingOptions(Part):
    """Documents that are asked for, over HTTP."""

    queries: dict[str, QueryOptions] = Field(description="what to ask for, by a name of your own")
    probe: QueryOptions | None = Field(None, description="asked first in a session, as proof; best what is free. Left out: the first query")
    interval: Seconds = Field(60.0, ge=0.01, description="from one walk of a query to the next")
    cadence: Cadence | None = Field(None, description="instead of interval: by the time to kick-off, within the budget")
    headers: dict[str, str] = Field({}, description="headers of every request")
    auth: AuthOptions | None = None
    paging: PagingOptions | None = None
    budget: tuple[LimitOptions, ...] = Field((), description="shared by all sources with the same secret")
    timeout: Seconds = Field(20.0, gt=0, description="for one request, its whole answer included")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.queries:
            raise hinted("is empty", "name something to ask for: {odds: {url: https://…}}", "queries")
        return self


class MessageOptions(Part):
    """A message of the opening. ``{secret}`` and ``{token}`` in its texts stand for the secret and for the token to go on from."""

    send: JsonValue = Field(description="a text as it is, or what is sent as JSON")
    when: Literal["always", "fresh", "resumed"] = Field(
        "always", description="fresh: only without a token to go on from; resumed: only with one"
    )
    expect: Expression | None = Field(None, description="wait for a message of which this is true before the next is sent")
    refuse: Expression | None = Field(None, description="a message of which this is true means no: the source is parked")

    @model_validator(mode="after")
    def _heard(self) -> Self:
        if self.refuse is not None and self.expect is None:
            raise hinted("is missing", "a refusal is only heard while something is awaited", "expect")
        return self


class PingOptions(Part):
    """What the provider wants to hear now and then."""

    say: str
    every: Seconds = Field(gt=0)
    answer: str = Field("", description="what comes back, and is no document")


class ResumeOptions(Part):
    """How to go on where a session ended."""

    token: Expression = Field(description="where a message carries the token")
    param: str = Field("", description="the address's parameter for it; left out: a message of the opening holds {token}")
    replay: bool = Field(False, description="everything missed is told again; else only how things stand")


class WebSocketOptions(Part):
    """Documents that come as messages of a WebSocket."""

    url: str = Field(pattern=r"^wss?://[^\s]+$")
    headers: dict[str, str] = Field({}, description="headers of the handshake")
    auth: AuthOptions | None = Field(None, description="of the handshake; kinds header, query and basic")
    secret: SecretStr | None = Field(None, description="what {secret} stands for in messages")
    opening: tuple[MessageOptions, ...] = Field((), description="login and subscriptions, in order")
    within: Seconds = Field(10.0, gt=0, description="for connecting, and again for the opening")
    ping: PingOptions | None = None
    refusals: dict[int, str] = Field({}, description="close codes that mean no, each with one word: {4001: displaced}")
    resume: ResumeOptions | None = None
    renew: JsonValue = Field(None, description="message that asks for everything afresh; left out: reconnect")
    complete: Expression | None = Field(None, description="of the message after which everything was told; left out: the first one")
    silence: Seconds = Field(60.0, gt=0, description="without a message for so long the connection counts as dead")

    @model_validator(mode="after")
    def _handshake(self) -> Self:
        if self.auth is not None and self.auth.kind == "oauth2":
            raise hinted("is not for a handshake", "write header, query or basic", "auth.kind")
        return self


class SseOptions(Part):
    """Documents that come as server-sent events."""

    url: HttpUrl
    params: dict[str, str] = Field({}, description="parameters of the query")
    headers: dict[str, str] = Field({}, description="headers of the request")
    auth: AuthOptions | None = None
    replay: bool = Field(False, description="after Last-Event-ID everything missed is told again; else only how things stand")
    complete: Expression | None = Field(None, description="of the event after which everything was told; left out: the first one")
    timeout: Seconds = Field(20.0, gt=0, description="for connecting")
    silence: Seconds = Field(60.0, gt=0, description="without a byte for so long the stream counts as dead")


class FilesOptions(Part):
    """Documents that somebody writes into files."""

    paths: tuple[str, ...] = Field(min_length=1, description="files, folders, patterns")
    poll: Seconds = Field(1.0, ge=0.01, description="between two looks; a document must look the same for so long")


def _without_problems(mapping: Mapping) -> Mapping:
    found = problems(mapping)
    if found:
        details = [InitErrorDetails(type=hinted(one.problem, one.hint, one.key), loc=one.around, input=None) for one in found]
        raise ValidationError.from_exception_data("mapping", details)
    return mapping


class MappedOptions(FeedOptions):
    """A provider without code: one transport, and a mapping."""

    mapping: Annotated[Mapping, AfterValidator(_without_problems)] = Field(description="what the documents mean: mapping, or mapping_file")
    mapping_file: Path | None = Field(None, description="YAML or JSON file that holds the mapping")
    samples: tuple[Path, ...] = Field((), description="payloads that prove the mapping, for ingestd check")
    polling: PollingOptions | None = Field(None, description="documents are asked for, over HTTP")
    websocket: WebSocketOptions | None = Field(None, description="documents are messages of a WebSocket")
    sse: SseOptions | None = Field(None, description="documents are server-sent events")
    webhook: WebhookOptions | None = Field(None, description="documents are posted to us")
    files: FilesOptions | None = Field(None, description="documents are files")

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: object) -> object:
        if not isinstance(data, dict) or not isinstance(data.get("mapping_file"), str):
            return data
        if "mapping" in data:
            raise hinted("is given beside mapping", "leave one of them out", "mapping_file")
        if not Path(data["mapping_file"]).is_file():
            raise hinted(f"names no file: {data['mapping_file']}", "mind the folder you are in", "mapping_file")
        try:
            return {**data, "mapping": read_tree(Path(data["mapping_file"]))}
        except ConfigError as error:
            raise hinted(f"cannot be used: {error}", "give a file that holds a mapping", "mapping_file") from error

    @model_validator(mode="after")
    def _one_transport(self) -> Self:
        given = [name for name in TRANSPORTS if getattr(self, name) is not None]
        if len(given) != 1:
            problem = f"has {' and '.join(given)}" if given else "has no transport"
            raise hinted(problem, f"give one of {', '.join(TRANSPORTS)}")
        return self
