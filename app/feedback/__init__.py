"""Reports on answers, kept probes, and counts of probes by contract: the tables and their SQL.

It is below the gallery, whose thresholds rest on these counts, and knows a collection by its key.
A report is taken by ``app.recognition.feedback``, which judges the probe first.
"""
