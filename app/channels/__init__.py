"""Describes the channels by which events go out: their JSON Schemas, and an AsyncAPI document of
the stream, of webhooks and of MQTT. Sending is no part of it.
"""
