"""Proving who a signer is: link, one-time code; later eID and name matching.

Enters: methods of proof and their limits.
Stays out: what a proof allows (envelopes decide).
"""
