"""Measures a gallery's error rates on its own images by leave-one-out, and writes the report.

Pure: numbers and names in, a report out. It knows no image, no model and no database; callers read
those and pass a ``Gallery``. Definitions follow ISO/IEC 19795-1 and NIST FRTE 1:N.
"""
