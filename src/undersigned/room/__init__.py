"""The signing room: the pages that a signer sees.

Enters: views, templates and scripts for signers; each step is a URL and a form that works without JavaScript.
Stays out: rules about signing (use cases of envelopes).
"""
