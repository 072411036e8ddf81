"""The outbox: mail, SMS and webhooks, their texts and languages, sent at least once.

Enters: how a message is rendered, sent, retried and recorded.
Stays out: the decision that a message is due (envelopes and lifecycle take it).
"""
