"""Polling: asks for what a plan names, each thing in its own time, within a budget; answers become frames.

Every walk of a query (all its pages) is an image of its own: its first frame begins an epoch, so decoders keep nothing from one walk to
the next. A frame's meta says ``key`` (which query), ``url``, ``status``, ``type`` (of content), ``page`` (from 1), ``more`` (pages).
The token says when each query was last walked, so that neither a reconnection nor a restart asks for anything before its time.
"""

from ingestd.sources.transports.polling.ledger import LONGEST_RETRY as LONGEST_RETRY
from ingestd.sources.transports.polling.ledger import walked_in as walked_in
from ingestd.sources.transports.polling.plan import Plan as Plan
from ingestd.sources.transports.polling.plan import Poll as Poll
from ingestd.sources.transports.polling.plan import Spending as Spending
from ingestd.sources.transports.polling.session import PATIENCE as PATIENCE
from ingestd.sources.transports.polling.session import Poller as Poller
from ingestd.sources.transports.polling.session import PollingSession as PollingSession
