"""API keys: who may do what. Always on; only the health routes are public."""
