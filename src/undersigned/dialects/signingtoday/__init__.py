"""Signing Today Web API (v2): transactions with groups of signers per document, templates, robots, users, devices.

Enters: its paths, its JSON, its words, its query language, and how a transaction is told to the core.
Stays out: everything another dialect could need.
"""
