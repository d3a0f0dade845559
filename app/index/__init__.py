"""Engines that find the nearest of many vectors, exactly and in memory.

This room knows vectors and integer keys. What they stand for, who follows the database, and how a
person is fused are no concern of it.
"""
