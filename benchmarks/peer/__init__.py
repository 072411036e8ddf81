"""What Undersigned's speed is measured against: a bare Django and django-ninja slice on a copy of the same database.

The same tables (the models' declarations are imported, nothing of their rooms), the same rows written and read, the same look-up of a
key by its keyed hash, the same server with as many threads. No sessions, no use cases, no audit chain arithmetic, no limits, no locks
but the transaction.
"""
