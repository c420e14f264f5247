"""The door to the stores stays light."""

import subprocess
import sys


def test_importing_the_store_imports_nothing_heavy() -> None:
    """``--help`` must not wait for SQLAlchemy."""
    said = "import sys, ingestd.store; print(sorted({'sqlalchemy', 'asyncpg', 'alembic', 'aiosqlite'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    assert done.stdout.strip() == "[]"
