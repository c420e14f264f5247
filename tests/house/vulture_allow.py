"""Names that nobody here calls, each beside who does; mypy says when one of them is gone."""

from logging import Handler

from ingestd.odds import FAIR, KALSHI, POLYMARKET, Ladder
from ingestd.pipeline.matching import Candidate
from ingestd.pipeline.stages.validate import Rule
from ingestd.settings.load import _Loader
from ingestd.sources.feeds.mapped.options import MappedOptions
from ingestd.sources.feeds.mapped.paths import _Functions
from ingestd.sources.feeds.simulated.options import SimulatedOptions
from ingestd.store.columns import Micros
from ingestd.store.connect import Record
from ingestd.store.ledger import Incident, JournalRecord, Quarantined
from ingestd.store.queries import Price
from ingestd.store.schema import Alias, EventLink, League, OddsHistory, Precedence, Team
from ingestd.store.views import NAMES
from ingestd.telemetry.health import Check, Report
from ingestd.telemetry.logger import _Libraries

# Called by the library whose class they extend.
_Loader.construct_mapping  # yaml
_Libraries.emit  # logging
Handler.handleError  # logging, of an outlet's handler
Record.__getitem__  # asyncpg
_Functions._func_entries  # jmespath, as the next four
_Functions._func_split
_Functions._func_sort_pairs
_Functions._func_lower
Precedence.place  # read by the views
_Functions._func_negate
Micros.impl  # sqlalchemy, as the next four
Micros.cache_ok
Micros.load_dialect_impl
Micros.process_bind_param
Micros.process_result_value

# Written out whole: JSON bodies, rows on the screen.
Check.observed_value
Report.uptime_seconds
Price.outcome_key
Price.witnesses
Price.american
Price.probability

# What the views are called, for tests.
NAMES

# Read before it is a field: what the file holds becomes ``mapping``.
MappedOptions.mapping_file

# Handed on whole, to the exchange that they describe.
SimulatedOptions.seed
SimulatedOptions.events
SimulatedOptions.disorder

# Tables and columns that statements reach by name, or that readers of the database do.
League, Team, OddsHistory.journal_offset
Alias.stands_for, Alias.score, Alias.decided_by, Alias.decided_at
EventLink.evidence
JournalRecord.created_at
Quarantined.journal_offset, Quarantined.attempts, Quarantined.first_at, Quarantined.last_at
Incident.first_at, Incident.last_at

# What whoever builds candidates knows of them, for evidence to come.
Candidate.season
# Shown in docs/validation.md.
Rule.says, Rule.happens

# For notebooks and back-tests (docs/odds.md).
Ladder.nearest, Ladder.up, Ladder.down
KALSHI, POLYMARKET, FAIR
