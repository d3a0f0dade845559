"""Calls from Kith to other machines: which addresses it may speak to, and how it dials them."""
