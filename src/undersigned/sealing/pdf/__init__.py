"""The part of sealing that reads and draws PDFs: runs in the bounded child, on paths and JSON-able values.

Enters: pyHanko, pikepdf, fpdf2, Pillow.
Stays out: Django, the database, keys and secrets.
"""
