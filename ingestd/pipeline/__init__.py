"""Transform and the loops around it: collector, loader, stages, book, writer. Nothing here does I/O of its own."""
