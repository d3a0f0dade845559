"""The schemas of recognition, a module for each subject.

Answers have no defaults; similarities are cosines, higher is closer.
"""
