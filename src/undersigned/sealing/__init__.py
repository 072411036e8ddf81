"""PAdES: keys, built-in authorities, timestamps, appearance, signing, sealing, verifying, evidence.

Enters: cryptography and everything written into a PDF.
Stays out: envelopes, users and requests: paths and plain values in, paths and plain values out.
"""
