"""The API of CompreFace over Kith's own services: what its clients send and expect.

It renders Kith's decisions and knows no recognition of its own. Off unless ``KITH_COMPREFACE`` is
on; docs/compreface.md says what differs from CompreFace.
"""
