"""SignSpace API v2: files, signing requests (tasks), conversations, and its token endpoint.

Enters: its paths, its JSON, its words.
Stays out: everything another dialect could need.
"""
