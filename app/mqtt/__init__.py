"""Events over MQTT 5: from the table of events to a broker, at least once and in order.

A publisher of its own thread sends what others have committed. It knows no request and no decision,
and nobody waits for it. It hears one topic, the birth of a Home Assistant, and takes orders from
none.
"""
