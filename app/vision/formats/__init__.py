"""One module for each file format that is read.

Each has a function from the bytes of a file to upright RGB pixels. It walks the file's structure
itself, within limits, and hands Pillow only the parts that hold pixels: so a file's work is known
before it is done, and harmless parts that are missing or damaged do no harm. A format's rules are
read from its standard; where files break them, the reader does what browsers do.
"""
