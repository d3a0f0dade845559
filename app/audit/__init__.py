"""Shows the audit to administrators, and events to other systems. What writes both is
``app.trail``.
"""
