"""Migrations, run by alembic: what each changed stands in ``versions``, frozen."""
