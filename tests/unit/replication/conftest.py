"""Fixtures of a replica's tests."""

import pytest

from app.replication.replica import CollectionReplica
from tests.unit.replication.truth import DIMENSION, FaultyIndex, Truth, of


@pytest.fixture
def truth() -> Truth:
    return Truth()


@pytest.fixture
def replica(truth: Truth) -> CollectionReplica:
    FaultyIndex.failures = 0
    return of(truth, lambda: FaultyIndex(DIMENSION))
