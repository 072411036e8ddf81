"""Envelopes as the core's tests make them."""

from __future__ import annotations

from tests.envelopes.conftest import actor, draft, pdf, plain, sent

__all__ = ["actor", "draft", "pdf", "plain", "sent"]
