"""Actions of a door: calls to other systems that a grant sets off, once or not at all."""
