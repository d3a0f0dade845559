"""Every recipe of the documentation against a program that behaves as the device does."""
