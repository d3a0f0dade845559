"""Compares the file of a sync with what there is. No SQL, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.access.sync_faults import Faults
from app.access.sync_schemas import ChangedField, MissingPolicy, SyncLine, times

_ROUNDING: Final = 1e-9
Identity = tuple[str, str, str]
"""System, type and value of a credential."""
Times = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line of the file, counted from 1."""

    number: int
    line: SyncLine


@dataclass(slots=True)
class Known:
    """A person with an external id as they are now. ``groups``: by internal key, from when until
    when. ``credentials``: system, type, value and format, in their order.
    """

    key: int
    id: str
    external_id: str
    name: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    suspended: bool
    suspended_by_sync: bool
    groups: dict[int, Times] = field(default_factory=dict)
    credentials: list[tuple[Identity, str | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class State:
    """A collection: the people with an external id by it, the groups' internal keys by their ids,
    and by a credential its holder's internal key.
    """

    persons: Mapping[str, Known]
    groups: Mapping[str, int]
    holders: Mapping[Identity, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A person of the file who was there and changes in ``fields``."""

    known: Known
    line: SyncLine
    fields: list[ChangedField]


@dataclass(slots=True)
class Plan:
    """The changes of a sync. ``managed``: people with an external id who are not suspended so far.
    ``taken``: credentials that move from people who are left out to others.
    """

    managed: int
    missing: int = 0
    unchanged: int = 0
    created: list[SyncLine] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    suspended: list[Known] = field(default_factory=list)
    unsuspended: list[Known] = field(default_factory=list)
    taken: list[Identity] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.created or self.changed or self.suspended or self.unsuspended)

    def refusal(self, max_change: float) -> str | None:
        """The reason against it: it would suspend a larger share of people than ``max_change``."""
        count = len(self.suspended)
        if not count or count <= max_change * self.managed + _ROUNDING:
            return None
        share = count / self.managed
        needed = min(1.0, -(-count * 100 // self.managed) / 100)
        return (
            f"The file leaves out {count:,} of {self.managed:,} people ({share:.0%}), and "
            f"max_change allows {max_change:.0%} to be suspended. Nothing was changed. See whether "
            f"the file is whole; if all of them are to be suspended, send it with "
            f"max_change={needed:g}."
        )


def plan(state: State, lines: Sequence[NumberedLine], missing: MissingPolicy) -> Plan:
    """The changes that the file makes; ``InvalidRequest`` names lines that do not fit."""
    managed = sum(not known.suspended for known in state.persons.values())
    found, faults = Plan(managed), Faults()
    named = {each.line.external_id for each in lines}
    for external_id, known in state.persons.items():
        if external_id not in named:
            found.missing += 1
            if missing == "suspend" and not known.suspended:
                found.suspended.append(known)
    for numbered in lines:
        _compare(state, numbered, found, faults)
    _move_credentials(state, lines, found, faults)
    faults.check()
    return found


def _compare(state: State, numbered: NumberedLine, found: Plan, faults: Faults) -> None:
    line = numbered.line
    for place, group in enumerate(line.groups):
        if group.id not in state.groups:
            where = f"groups[{place}]"
            faults.add(numbered.number, where, f"there is no group {group.id!r} in the collection")
            return
    known = state.persons.get(line.external_id)
    if known is None:
        found.created.append(line)
        return
    fields = _differences(state, known, line)
    if fields:
        _check_order(numbered, known, faults)
        found.changed.append(Change(known, line, fields))
    if known.suspended and known.suspended_by_sync:
        found.unsuspended.append(known)
    elif not fields:
        found.unchanged += 1


def _differences(state: State, known: Known, line: SyncLine) -> list[ChangedField]:
    sent, fields = line.model_fields_set, list[ChangedField]()
    if "name" in sent and line.name != known.name:
        fields.append("name")
    if "valid_from" in sent and line.valid_from != known.valid_from:
        fields.append("valid_from")
    if "valid_until" in sent and line.valid_until != known.valid_until:
        fields.append("valid_until")
    if "groups" in sent and groups_of(state, line) != known.groups:
        fields.append("groups")
    if "credentials" in sent and credentials_of(line) != known.credentials:
        fields.append("credentials")
    return fields


def groups_of(state: State, line: SyncLine) -> dict[int, Times]:
    """The groups of a line as ``Known`` has them."""
    return {state.groups[each.id]: times(each) for each in line.groups}


def credentials_of(line: SyncLine) -> list[tuple[Identity, str | None]]:
    """The credentials of a line as ``Known`` has them."""
    return [((each.system, each.type, each.value), each.format) for each in line.credentials]


def _check_order(numbered: NumberedLine, known: Known, faults: Faults) -> None:
    line = numbered.line
    sent = line.model_fields_set
    start = line.valid_from if "valid_from" in sent else known.valid_from
    end = line.valid_until if "valid_until" in sent else known.valid_until
    if start and end and start >= end:
        message = "valid_from must be before valid_until, of which one is as it was"
        faults.add(numbered.number, "", message)


def _move_credentials(
    state: State, lines: Sequence[NumberedLine], found: Plan, faults: Faults
) -> None:
    """A credential that the file gives to somebody goes from its holder where the file says what
    that person has, or leaves the person out and they are suspended by a sync; else it is a fault.
    """
    replaced = {change.known.key for change in found.changed if "credentials" in change.fields}
    giving = {known.key for known in found.suspended}
    giving |= {known.key for known in state.persons.values() if known.suspended_by_sync}
    giving -= {known.key for known in found.unsuspended}
    for numbered in lines:
        own = state.persons.get(numbered.line.external_id)
        for place, (identity, _) in enumerate(credentials_of(numbered.line)):
            holder = state.holders.get(identity)
            if holder is None or holder in replaced or (own and own.key == holder):
                continue
            if holder in giving:
                found.taken.append(identity)
                continue
            message = "is another person's already, whose credentials the file does not replace"
            faults.add(numbered.number, f"credentials[{place}]", message)
