"""What is subscribed on one connection: which commands to send, and what to make of each message. No I/O.

Source: AsyncAPI document. A subscription is one channel (``sid``) over many markets. A book channel that is subscribed anew begins with a
snapshot of every market, so that its first frame begins an epoch.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from ingestd.errors import Disconnected, IngestdError, Refused, Throttled
from ingestd.sources.feeds.kalshi.options import BOOKS, LIFECYCLE, Channel
from ingestd.sources.feeds.kalshi.wire import ERROR, UNREADABLE, Envelope, ErrorMessage, ticker_of

HEARTBEAT_ID: Final = 1
HEARTBEAT: Final = msgspec.json.encode({"id": HEARTBEAT_ID, "cmd": "list_subscriptions"})
"""A command whose answer shows that the stream is alive; no message of a quiet market would."""
SUBSCRIBE: Final = "subscribe"
TERMINAL: Final = {10: "channel_error", 25: "overflow"}
"""Errors that end a subscription: ask for another."""
BUSY: Final = {18, 27}
PATIENCE: Final = 10.0
MOST_ENDED: Final = 5
"""Subscriptions that may end with an error before the whole session is given up."""
REFUSED: Final = {
    5: ("command", "Kalshi no longer knows a command of this feed: is there a newer version?"),
    8: ("channel", "check channels"),
    9: ("unauthorised", "check key_id and private_key, and that the key may use the stream"),
    11: ("parameter", "check tickers, event_tickers, series_tickers and channels"),
    14: ("parameter", "give tickers, event_tickers or series_tickers"),
    26: ("too_many_markets", "follow fewer markets with this source, and the others with another"),
}
"""Answers to a subscription that asking again will not change."""


class Taken(Struct):
    """What a message is good for. ``hand_on``: it goes into the journal, with this meta; ``epoch``: a decoder can begin empty here."""

    hand_on: bool = False
    epoch: bool = False
    meta: dict[str, str] = {}


class _Subscribed(Struct):
    channel: str
    sid: int


class _NewEvent(Struct):
    event_ticker: str = ""
    series_ticker: str = ""


class _Command(Struct):
    action: str
    channel: Channel


_PEEK: Final = msgspec.json.Decoder(Envelope)
_SUBSCRIBED: Final = msgspec.json.Decoder(_Subscribed)
_NEW_EVENT: Final = msgspec.json.Decoder(_NewEvent)


class Subscriptions:
    """``outbox`` holds the commands to send; ``waiting`` whether an answer to any is due; ``created`` events that are new."""

    def __init__(self, channels: Iterable[Channel], tickers: Iterable[str]) -> None:
        self.outbox: list[bytes] = []
        self.tickers = frozenset(tickers)
        self.missing: set[str] = set()
        """Markets whose snapshot was asked for and has not come."""
        self.fresh: set[str] = set()
        """Series of events that were created since somebody looked."""
        self._asked: dict[Channel, frozenset[str]] = {}
        """Channels that are subscribed, or are being, and the markets that were asked for."""
        self._ended = 0
        self._channels = tuple(dict.fromkeys(channels))
        self._sids: dict[int, Channel] = {}
        self._commands: dict[int, _Command] = {}
        self._id = HEARTBEAT_ID
        self._begun = False
        self._replies = {"subscribed": self._subscribed, "error": self._failed, "ok": self._answered, "unsubscribed": self._answered}
        for channel in self._channels:
            self._subscribe(channel)

    @property
    def waiting(self) -> bool:
        """Whether an answer is due."""
        return bool(self._commands)

    def follow(self, tickers: Iterable[str]) -> None:
        """From now on follow exactly these markets."""
        self.tickers = frozenset(tickers)
        self.missing &= self.tickers
        for channel in self._channels:
            if channel in self._asked:
                self._adjust(channel)
            elif channel != LIFECYCLE:
                self._subscribe(channel)

    def renew(self, ticker: str | None) -> None:
        """Ask for a snapshot of one market; or for all of it anew, unless that is under way."""
        if ticker is not None and ticker in self.tickers:
            self._update(BOOKS, "get_snapshot", [ticker])
        elif not any(command.action == SUBSCRIBE and command.channel == BOOKS for command in self._commands.values()):
            for sid in [sid for sid, channel in self._sids.items() if channel == BOOKS]:
                del self._sids[sid]
                self._send("unsubscribe", {"sids": [sid]})
            self._subscribe(BOOKS)

    def ask_again(self) -> None:
        """Ask for the snapshots that have not come."""
        self._update(BOOKS, "get_snapshot", sorted(self.missing))

    def take(self, payload: bytes) -> Taken:
        """What to do with a message. Raises Disconnected, Throttled or Refused where it ends the session."""
        try:
            message = _PEEK.decode(payload)
        except UNREADABLE:
            return Taken(hand_on=True)
        return self._replies.get(message.type, self._data)(message)

    def _data(self, message: Envelope) -> Taken:
        if message.sid is not None and message.sid not in self._sids:
            return Taken()
        if self.missing and message.type == "orderbook_snapshot":
            self.missing.discard(ticker_of(message))
        if message.type == "event_lifecycle":
            self._created(message)
        return Taken(hand_on=True)

    def _subscribe(self, channel: Channel) -> None:
        params: dict[str, object] = {"channels": [channel]}
        if channel != LIFECYCLE:
            if not self.tickers:
                return
            params["market_tickers"] = sorted(self.tickers)
        self._asked[channel] = self.tickers
        if channel == BOOKS:
            # bids for no in prices of no; the default is announced to change
            params["use_yes_price"] = False
            self.missing = set(self.tickers)
        self._send(SUBSCRIBE, params, _Command(SUBSCRIBE, channel))

    def _adjust(self, channel: Channel) -> None:
        """Ask for what was not asked for, once there is a subscription to be changed."""
        asked = self._asked[channel]
        if channel == LIFECYCLE or asked == self.tickers or channel not in self._sids.values():
            return
        self._asked[channel] = self.tickers
        for action, some in (("add_markets", self.tickers - asked), ("delete_markets", asked - self.tickers)):
            if some:
                self._update(channel, action, sorted(some))
        if channel == BOOKS:
            self.missing |= self.tickers - asked

    def _update(self, channel: Channel, action: str, tickers: list[str]) -> None:
        for sid in [sid for sid, held in self._sids.items() if held == channel]:
            self._send("update_subscription", {"sid": sid, "action": action, "market_tickers": tickers}, _Command(action, channel))

    def _send(self, cmd: str, params: dict[str, object], command: _Command | None = None) -> None:
        self._id += 1
        if command is not None and command.action != "get_snapshot":
            self._commands[self._id] = command
        self.outbox.append(msgspec.json.encode({"id": self._id, "cmd": cmd, "params": params}))

    def _subscribed(self, message: Envelope) -> Taken:
        command = self._commands.pop(message.id or 0, None)
        if command is None:
            return Taken()
        try:
            told = _SUBSCRIBED.decode(message.msg)
        except UNREADABLE as error:
            raise Disconnected("protocol", f"no sid in the answer to a subscription of {command.channel}") from error
        self._sids[told.sid] = command.channel
        self._adjust(command.channel)
        if command.channel != BOOKS:
            return Taken(hand_on=True)
        again, self._begun = self._begun, True
        return Taken(hand_on=True, epoch=again, meta=self.meta())

    def _answered(self, message: Envelope) -> Taken:
        command = self._commands.pop(message.id or 0, None)
        if message.sid not in self._sids:
            return Taken()
        return Taken(hand_on=True, meta=self.meta() if command is not None and command.channel == BOOKS else {})

    def meta(self) -> dict[str, str]:
        """What a decoder must know: the markets whose books there will be."""
        return {"tickers": msgspec.json.encode(sorted(self.tickers)).decode()}

    def _failed(self, message: Envelope) -> Taken:
        try:
            error = ERROR.decode(message.msg)
        except UNREADABLE as wrong:
            raise Disconnected("protocol", "an error that cannot be read") from wrong
        command = self._commands.pop(message.id or 0, None)
        if error.code in TERMINAL:
            channel = self._sids.pop(message.sid or 0, None) or (command.channel if command is not None else None)
            self._ended += 1
            if channel is None or self._ended > MOST_ENDED:
                raise Disconnected(TERMINAL[error.code], error.msg[:200])
            self._subscribe(channel)
            return Taken(hand_on=True, meta={"lost": channel})
        raise _verdict(error, subscribing=command is not None and command.action == SUBSCRIBE)

    def _created(self, message: Envelope) -> None:
        try:
            self.fresh.add(_NEW_EVENT.decode(message.msg).series_ticker)
        except UNREADABLE:
            return


def _verdict(error: ErrorMessage, *, subscribing: bool) -> IngestdError:
    """What an error asks for. What is refused to a change of a subscription may be granted to a new one: a market closed meanwhile."""
    if error.code in BUSY:
        return Throttled(PATIENCE, f"error_{error.code}")
    if error.code in REFUSED and (subscribing or error.code == 9):  # noqa: PLR2004 - Kalshi's number for "who are you?"
        reason, hint = REFUSED[error.code]
        return Refused(reason, error.msg[:200], hint)
    return Disconnected(f"error_{error.code}", error.msg[:200])
