"""Putting it together: settings, urls, ports registered, the server, the supervisor, the command line.

Enters: wiring.
Stays out: behaviour.
"""
