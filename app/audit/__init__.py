"""Shows the audit to administrators, and events to other systems. Both are written by
``app.trail``.
"""
