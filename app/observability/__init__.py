"""Metrics, and health: whether the service lives and is ready."""
