"""What anybody may ask: /verify, /tsa, CRL and OCSP, /docs/<dialect>, /healthz.

Enters: pages and endpoints without a login.
Stays out: anything about one envelope or person.
"""
