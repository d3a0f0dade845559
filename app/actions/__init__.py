"""Actions of a door: what a grant sets off in another system, once or not at all."""
