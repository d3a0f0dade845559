"""Shows the audit to administrators. What writes it is ``app.trail``."""
