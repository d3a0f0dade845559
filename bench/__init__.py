"""Measurements that print a table. Ratios within one run are the figures that matter."""
