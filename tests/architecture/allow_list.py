"""A contract of import-linter: each room names what it may import, and imports all that it names.

``pyproject.toml`` registers it. The contract of layers says in which direction imports may point;
this one says which of them there are, so that a new one is a decision that somebody reads.
"""

from collections import defaultdict

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class AllowList(Contract):
    """``rooms`` are lines such as ``"index: errors core"``, of modules of ``package``."""

    type_name = "allow_list"

    package = fields.StringField()
    rooms = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Broken by an import that no line names, and by a name that nothing needs."""
        del verbose
        package = str(self.package)
        lines = [str(line).partition(":") for line in self.rooms]  # type: ignore[attr-defined]
        allowed = {room: set(names.split()) for room, _, names in lines}
        found = _imports(graph, package)
        faults = [
            f"{importer} imports {imported}, and its room {room!r} does not name {name!r}"
            for room, names in found.items()
            for name, (importer, imported) in names.items()
            if name not in allowed.get(room, set())
        ]
        faults += [
            f"the room {room!r} names {name!r}, and imports nothing of it"
            for room, names in allowed.items()
            for name in names - found[room].keys()
        ]
        return ContractCheck(kept=not faults, metadata={"faults": sorted(faults)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each fault."""
        for fault in check.metadata["faults"]:
            output.print_error(fault)


def _imports(graph: ImportGraph, package: str) -> dict[str, dict[str, tuple[str, str]]]:
    """For each room the rooms that it imports, each with one import that does so."""
    found: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for importer in sorted(graph.modules):
        for imported in graph.find_modules_directly_imported_by(importer):
            (root, *here), (other, *there) = importer.split("."), imported.split(".")
            if root == other == package and here and there and here[0] != there[0]:
                found[here[0]].setdefault(there[0], (importer, imported))
    return found
