"""The APIs as the vendors speak them. Each folder translates and decides nothing.

Enters: routes, wire models, mappings, error bodies, events of one vendor.
Stays out: any rule about signing, and imports from another dialect.
"""
