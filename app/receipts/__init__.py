"""The first answer to each creation that was sent with an ``Idempotency-Key``.

The answer is stored in the transaction that creates, so it exists exactly if the creation does:
no crash can lose one of the two. A stored answer is a copy of what was made. So it names every row
that it shows, and goes in the transaction that deletes one of them (``forget``) or follows in the
transaction that changes one (``amend``): a person who was removed is in no receipt.
"""
