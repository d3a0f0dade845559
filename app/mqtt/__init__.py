"""Events over MQTT 5: from the table of events to a broker, at least once and in order.

A publisher on its own thread sends committed events. It knows no request and no decision, and
nothing waits for it. It subscribes to one topic, the birth of a Home Assistant, and takes no
commands.
"""
