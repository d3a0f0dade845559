"""The trail: what happened, written in the transaction that does it.

``record`` is the one place at which a change of what the service keeps is told of. It adds a row
to a chain of the audit, and the line of the log when the transaction commits: a change that was
rolled back leaves neither. This room knows no other; the routes that show the trail are in
``app.audit``.
"""
