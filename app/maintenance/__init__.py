"""Backup, restore, move and check of what the database holds, and a collection's change of model.

It derives what it carries from the models' metadata, so that a table which is added later is
carried too. It knows the gallery, and nothing of how people are enrolled or identified.
"""
