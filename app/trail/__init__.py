"""The trail: what happened, written in the transaction that does it.

``record`` is the one place that writes down a change of what the service keeps. When the
transaction commits, it adds a row to a chain of the audit, and a line to the log: a change that
was rolled back leaves neither. This room knows no other; the routes that show the trail are in
``app.audit``.
"""
