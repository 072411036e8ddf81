"""Work that waits: one lease table, the worker, cron ticks.

Enters: the engine and its registry.
Stays out: handlers (they live in the rooms whose work they do).
"""
