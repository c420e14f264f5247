"""Everything that can be said: the closed list of facts, each with its level and its sentence."""

import logging
from typing import Final, Literal

from msgspec import Struct

Level = Literal["debug", "info", "warning", "error"]
LEVELS: Final[dict[Level, int]] = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Action(Struct, frozen=True):
    """``text`` names labels in braces. ``code`` is the label that, with the action, names the kind of trouble.

    ``often``: it may come in floods; of those that agree in these labels one line in ten seconds stands for all. ``lasted``: its label
    ``seconds`` says how long what is over now took. ``critical``: a person must act.
    """

    level: Level
    text: str
    code: str = ""
    often: tuple[str, ...] = ()
    lasted: bool = False
    critical: bool = False


ACTIONS: Final[dict[str, Action]] = {
    # The daemon.
    "daemon.started": Action("info", "recording {sources} sources into {store}, listening on {address}"),
    "daemon.draining": Action("info", "stopping: {seconds} s to put what was read into the store"),
    "daemon.cut_short": Action("warning", "stopping: {step} was not done within {seconds} s, what is left of it stays so", code="step"),
    "daemon.stopped": Action("info", "stopped after {seconds} s: {left}", lasted=True),
    "daemon.failed": Action("error", "the daemon failed: {error_type}: {error}", code="error_type", critical=True),
    "run.started": Action("info", "{kind} run started: {source}"),
    "run.ended": Action("info", "{kind} run ended: {source}: {status}"),
    # Its configuration.
    "config.reloaded": Action("info", "the configuration was reloaded: {changes}"),
    "config.reload_failed": Action("error", "the configuration was not reloaded, the old one stays whole: {problem}"),
    "config.failed": Action("error", "a reload of the configuration failed: {error_type}: {error}", code="error_type"),
    # Sources: an outage is said once when it begins and once when it ends.
    "source.connected": Action("info", "{source} is connected"),
    "source.disconnected": Action("warning", "{source} lost its connection: {reason}: {detail}", code="reason"),
    "source.silent": Action("warning", "{source} has sent nothing for {seconds} s"),
    "source.recovered": Action("info", "{source} is back after {seconds} s", lasted=True),
    "source.parked": Action("error", "{source} is parked until somebody acts: {reason}: {detail}: {hint}", code="reason", critical=True),
    "source.cut_off": Action("warning", "{source} took longer than {seconds} s to leave its session and was cut off"),
    "source.stopped": Action("info", "{source} stopped: {reason}"),
    "source.gap": Action("warning", "{source} missed something of {scope}: {reason}", code="reason", often=("source", "reason")),
    "frame.quarantined": Action(
        "warning", "{source} sent what cannot be taken: {category}: {reason}", code="category", often=("source", "category")
    ),
    "bug.contained": Action(
        "error", "a bug of ours in {stage}, at a frame of {source}: {reason}", code="stage", often=("source", "stage"), critical=True
    ),
    "market.flagged": Action(
        "debug", "{source}: market {market} is flagged: {category}: {detail}", code="category", often=("source", "category")
    ),
    # Budgets.
    "budget.lost": Action(
        "error",
        "what was spent of any key is not known: {problem}; each month counts as used up until its provider says what is left, or it renews"
        " (if you know better: stop ingestd, remove {path}, start it)",
    ),
    # The journal.
    "intake.dropped": Action(
        "error",
        "{frames} frames could not be made durable and are lost: {reason}: {detail}",
        code="reason",
        often=("reason",),
        critical=True,
    ),
    "journal.full": Action("error", "reading paused, the journal is full: {detail}", critical=True),
    "journal.room": Action("info", "reading goes on after {seconds} s, the journal has room", lasted=True),
    "journal.damaged": Action("error", "the journal cannot be read from position {first} to {last}: {reason}", critical=True),
    # The store.
    "batch.committed": Action("debug", "{rows} rows committed", lasted=True),
    "row.refused": Action("error", "the store refused a row of {table}: {error}", code="table", often=("table",)),
    "store.unavailable": Action("error", "the store is unavailable, the journal takes over: {problem}"),
    "store.available": Action("info", "the store is available again after {seconds} s", lasted=True),
    "store.in_doubt": Action("warning", "a commit lost its reply; the store says that it was {outcome}", code="outcome"),
    "store.pruned": Action("info", "{rows} rows of {table} from before {before} deleted in {seconds} s", lasted=True),
    "store.housekeeping_failed": Action("warning", "housekeeping of {table} failed and is tried again: {error}", code="table"),
    # What they share.
    "breaker.opened": Action("warning", "breaker {breaker} opened for {seconds} s", code="breaker", often=("breaker",)),
    "breaker.closed": Action("info", "breaker {breaker} closed"),
    # Alerts.
    "alert.fired": Action("warning", "alert {rule}: {text}", code="rule"),
    "alert.resolved": Action("info", "alert {rule} is over: {text}", code="rule"),
    "alert.undelivered": Action(
        "error", "{channel} did not take an alert: {reason}: {detail}", code="channel", often=("channel", "reason")
    ),
    "alert.failed": Action("error", "alerts failed: {error_type}: {error}", code="error_type"),
    # What libraries say.
    "library.warned": Action("warning", "{library} says: {error}", code="library", often=("library",)),
    "library.failed": Action("error", "{library} failed: {error}", code="library", often=("library",)),
}
