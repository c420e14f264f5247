"""Errors, named by what to do next.

IngestdError
├── ConfigError          stop before starting (exit 78): a person must change something
│   └── InUse            another process holds the journal, the store or the port
├── Disconnected         reconnect after a pause
├── Throttled            wait until a given time, then go on
├── Refused              park this source, keep the others, alert
├── Finished             a file or a page walk came to its end: not a failure
├── Malformed            reject this frame, read on
├── JournalFull          stop reading; go on by itself once there is room
├── StoreUnavailable     keep the batch, pause, retry
└── Fenced               another daemon took over the store: stop at once

Anything else outside decoders and stages is a bug: it leaves the task group, and the process exits non-zero.
"""

from ingestd.batch import Written


class IngestdError(Exception):
    """Root of every error this program raises on purpose."""


class ConfigError(IngestdError):
    """Something a person must change before it can start. ``problems`` are whole lines: path, what was found, a hint."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InUse(ConfigError):
    """Another process holds what only one may hold."""


class Disconnected(IngestdError):
    """The link is gone or no good. ``reason`` is one word for metrics (``closed``, ``silent``, ``refused``…), ``detail`` the rest.

    ``quiet``: seconds since one of several links was heard, while others may have gone on (0: the session as a whole tells).
    """

    def __init__(self, reason: str, detail: str = "", quiet: float = 0.0) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.quiet = quiet


class Throttled(IngestdError):
    """The provider asks for patience. ``seconds``: how long from now."""

    def __init__(self, seconds: float, reason: str = "throttled") -> None:
        super().__init__(f"{reason}: wait {seconds:.1f} s")
        self.seconds = seconds
        self.reason = reason


class Refused(IngestdError):
    """The provider says no, and asking again will not help: wrong key, no permission. ``hint`` says what a person can do."""

    def __init__(self, reason: str, detail: str = "", hint: str = "") -> None:
        super().__init__(": ".join(part for part in (reason, detail, hint) if part))
        self.reason = reason
        self.detail = detail
        self.hint = hint


class Finished(IngestdError):
    """A finite session has no more frames."""


class Malformed(IngestdError):
    """A frame that cannot be decoded as a whole. ``category`` is one word, ``path`` points into the payload."""

    def __init__(self, category: str, reason: str, path: str = "") -> None:
        super().__init__(f"{category}: {reason}" + (f" at {path}" if path else ""))
        self.category = category
        self.reason = reason
        self.path = path


class JournalFull(IngestdError):
    """The journal has reached its size limit or the disk its reserve; the message says which, with figures."""


class StoreUnavailable(IngestdError):
    """The store cannot be reached or is busy. ``in_doubt``: a commit was sent and its reply is missing; what it would have written."""

    def __init__(self, detail: str, in_doubt: Written | None = None) -> None:
        super().__init__(detail)
        self.in_doubt = in_doubt


class Fenced(IngestdError):
    """The fence row of the store moved: another daemon has taken over."""


def ours(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What to raise for a group of task failures: the first error of this program's own, if there are only such, else the group itself."""
    own, rest = group.split(IngestdError)
    return group if own is None or rest is not None else first(own)


def first(error: BaseException) -> BaseException:
    """The error itself, or the first of those inside a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
