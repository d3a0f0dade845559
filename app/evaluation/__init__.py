"""What a gallery's own images say of it: error rates by leave-one-out, and the report of them.

Pure: numbers and names in, a report out. It knows no image, no model and no database; whoever
reads those gives it ``Gallery``. Definitions follow ISO/IEC 19795-1 and NIST FRTE 1:N.
"""
