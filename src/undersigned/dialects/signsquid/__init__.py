"""Signsquid API v1: contracts, versions, signatories, files, webhook events.

Enters: its paths, its JSON, its words.
Stays out: everything another dialect could need.
"""
