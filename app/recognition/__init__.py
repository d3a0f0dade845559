"""Who is it? Identification, verification, comparison, detection and grouping: everything that asks
and changes nobody; and what operators say of the answers.
"""
