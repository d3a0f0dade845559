"""Who it is, or nobody: from templates to one vector a person, from similarities to error rates,
from a stated error rate to a threshold, from scores to a decision. Pure numpy: training, evaluation
and serving share it and cannot drift apart.
"""
