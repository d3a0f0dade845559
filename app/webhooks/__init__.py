"""Webhooks: sends events to the endpoints of other systems, each at least once and in order.

The table of events is the queue. Each endpoint has one lane for each source of events, which keeps
the position up to which the endpoint has them. Deciding and recording know nothing of this room.
"""
