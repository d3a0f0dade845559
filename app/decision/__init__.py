"""The open-set decision: templates become one vector a person, similarities become error rates,
a stated error rate becomes a threshold, and scores become a decision. Pure numpy: training,
evaluation and serving share it and cannot drift apart.
"""
