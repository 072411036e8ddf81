"""The core: envelopes, documents, recipients, steps, assignments, evidence; one use case a module.

Enters: every rule about signing, under the standard name of the field.
Stays out: HTTP, vendor words, templates, and long work while a lock is held.
"""
