"""The rules of doors as frozen values, and the decision by them as a pure function.

No SQL, no clock, no HTTP and no images: the caller says what the camera saw, what was granted
before and which instant it is. Whatever is missing or broken denies.
"""
