"""Backs up, restores, moves and checks the database, and changes a collection's model.

An archive holds every table of the models' metadata, so that a table added later is included
without a change here. This room knows the gallery, and not how people are enrolled or identified.
"""
