"""Who is it? Identification, verification, comparison and detection: everything that asks and
changes nothing.
"""
