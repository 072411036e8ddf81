"""The pages that senders and administrators see.

Enters: views and templates behind a login.
Stays out: rules, and anything a signer sees.
"""
