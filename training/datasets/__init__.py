"""Labelled images, from the files of whoever published them to one :class:`base.ImageSet`."""
