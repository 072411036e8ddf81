"""Immutable stored bytes: blobs by SHA-256, file handles, intake checks, page images and text.

Enters: everything that stores, parses or draws a file; parsing happens in a bounded process.
Stays out: what a file means to an envelope, and signatures.
"""
