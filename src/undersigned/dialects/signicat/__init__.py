"""Signicat "Sign API" (enterprise, REST v1): signing orders, their tasks and packages, session documents, the archive, its token endpoints.

Enters: its paths, its JSON, its words, and how an order is told to the core.
Stays out: everything another dialect could need.
"""
