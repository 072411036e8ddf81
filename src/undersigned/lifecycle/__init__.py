"""What happens because time passes or a job is due: prepare, seal, expiry, retention, erasure.

Enters: job handlers and ticks that move envelopes on.
Stays out: rules (they are use cases of envelopes).
"""
