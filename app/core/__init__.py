"""Plumbing that knows nothing of faces, people or HTTP: database, clock, ids, logs."""
