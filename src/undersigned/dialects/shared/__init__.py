"""What every dialect needs around its routes: error answers by path, methods, bodies, idempotency, callers.

Enters: plumbing that knows HTTP and no vendor.
Stays out: any vendor's words, and any rule about signing.
"""
