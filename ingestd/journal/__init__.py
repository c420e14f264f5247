"""The local journal: durable frames in order, in SQLite segments of one directory."""
