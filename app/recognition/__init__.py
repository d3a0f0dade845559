"""Identifies, verifies, compares, detects and groups faces, which changes no person; and takes
reports on its answers.
"""
