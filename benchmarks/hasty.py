"""``ingestd`` with short pauses before it connects again, and nothing else changed: for rigs that want thousands of attempts."""

import pytest

from ingestd.cli.main import main
from ingestd.pipeline.resilience import Backoff

PAUSE = 0.02

if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Backoff, "next", lambda _: PAUSE)
        main()
