"""The composition root: settings to running objects; the only importer of concrete classes."""

from ingestd.app.daemon import Daemon, Progress
from ingestd.app.finite import FileLoads, Loaded
from ingestd.app.proof import Proof, prove
from ingestd.app.rehearsal import Rehearsal
from ingestd.app.replay import ALWAYS, Replays
from ingestd.app.retry import Retries, Tried

__all__ = ["ALWAYS", "Daemon", "FileLoads", "Loaded", "Progress", "Proof", "Rehearsal", "Replays", "Retries", "Tried", "prove"]
