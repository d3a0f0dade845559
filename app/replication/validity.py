"""The bounds of validity of those who have none, in microseconds since 1970."""

from typing import Final

ALWAYS: Final = -(2**63)
"""The start of validity where there is no bound."""
FOREVER: Final = 2**63 - 1
"""The end of validity where there is no bound."""
