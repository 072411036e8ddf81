"""Who may use the server: organizations, users, groups, credentials, idempotency records.

Enters: tables and functions about identity of callers and tenants, secrets hashed or encrypted.
Stays out: signers (they are recipients of envelopes) and anything about documents.
"""
