"""Loads every command, for the processes that are forked from this one."""

import gc

from app.cli.commands import cli_for

cli_for([])
gc.freeze()  # nobody looks for garbage in it, which would copy it into each process
