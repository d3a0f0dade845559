"""Labelled images: published file formats, each read into one :class:`base.ImageSet`."""
