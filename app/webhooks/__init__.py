"""Webhooks: sends events to endpoints of others, each at least once and in order.

The table of events is the queue, and each endpoint has lanes, one a source of events, that say up
to where it has them. Deciding and recording know nothing of this room.
"""
