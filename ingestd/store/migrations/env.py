"""Alembic's entry: runs migrations on the connection, and in the transaction, that it is handed."""

from alembic import context

from ingestd.store.ledger import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
