"""The SQL of reports, kept probes and counts. Every function works in the caller's transaction."""

from collections.abc import Sequence

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.orm import Session

from app.core.db import IN_SQL_ALONE
from app.decision.reports import most_of_one_reporter
from app.feedback.models import Feedback, Probe, ProbeCounts


def add_probe_counts(
    session: Session, collection_key: int, contract_id: str, *, probes: int, expected: float
) -> None:
    """Add ``probes`` that were judged under the contract, and how many false positives there would
    be if all of them that count had been strangers. Nothing where the collection was deleted.
    """
    session.execute(
        update(ProbeCounts)
        .where(ProbeCounts.collection_key == collection_key, ProbeCounts.contract_id == contract_id)
        .values(
            probes=ProbeCounts.probes + probes,
            expected_false_positives=ProbeCounts.expected_false_positives + expected,
        )
        .execution_options(**IN_SQL_ALONE)
    )


def ensure_probe_counts(session: Session, collection_key: int, contract_id: str) -> None:
    """Make sure that there are counts under the contract: the earlier ones, or zeros.

    The caller has locked the collection.
    """
    if session.get(ProbeCounts, (collection_key, contract_id)) is None:
        session.add(ProbeCounts(collection_key=collection_key, contract_id=contract_id))
        session.flush()


def count_false_positives(session: Session, collection_key: int, contract_id: str) -> None:
    """Count the false positives confirmed under the contract, after its reports changed; of each
    key that reported them up to a limit. The caller has locked the collection.
    """
    session.flush()
    query = (
        select(func.count())
        .where(
            Feedback.collection_key == collection_key,
            Feedback.contract_id == contract_id,
            Feedback.counted,
        )
        .group_by(Feedback.reporter)
    )
    mine = (ProbeCounts.collection_key == collection_key, ProbeCounts.contract_id == contract_id)
    stated = session.scalar(select(ProbeCounts.expected_false_positives).where(*mine))
    most = most_of_one_reporter(stated or 0.0)
    session.execute(
        update(ProbeCounts)
        .where(*mine)
        .values(false_positives=sum(min(each, most) for each in session.scalars(query)))
        .execution_options(**IN_SQL_ALONE)
    )


def reported_probes(
    session: Session, person_key: int, contract_id: str
) -> Sequence[Row[int, bytes]]:
    """The key and embedding of each probe that was reported of this person."""
    query = select(Feedback.key, Feedback.embedding)
    return session.execute(
        query.where(Feedback.person_key == person_key, Feedback.contract_id == contract_id)
    ).all()


def get_feedback(session: Session, key: int) -> Feedback | None:
    """One report, by its internal key."""
    return session.get(Feedback, key)


def verdicts(session: Session, collection_key: int, contract_id: str) -> dict[str, int]:
    """How many reports of each verdict the collection has under the contract."""
    query = (
        select(Feedback.verdict, func.count())
        .where(Feedback.collection_key == collection_key, Feedback.contract_id == contract_id)
        .group_by(Feedback.verdict)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def get_probes(session: Session, collection_key: int) -> Sequence[Probe]:
    """The unknown probes that the collection keeps, oldest first."""
    query = select(Probe).where(Probe.collection_key == collection_key).order_by(Probe.key)
    return session.scalars(query).all()


def get_probe(session: Session, collection_key: int, probe_id: str) -> Probe | None:
    """One unknown probe that the collection keeps."""
    return session.scalar(
        select(Probe).where(Probe.collection_key == collection_key, Probe.id == probe_id)
    )


def add_probes(session: Session, probes: Sequence[Probe]) -> None:
    """Insert unknown probes."""
    session.add_all(probes)
    session.flush()


def trim_probes(session: Session, collection_key: int, keep: int) -> None:
    """Delete the oldest probes beyond the ``keep`` newest."""
    beyond = (
        select(Probe.key)
        .where(Probe.collection_key == collection_key)
        .order_by(Probe.key.desc())
        .offset(keep)
    )
    session.execute(delete(Probe).where(Probe.key.in_(session.scalars(beyond).all())))
