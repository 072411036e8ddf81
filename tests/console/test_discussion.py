"""The tab "Discussion" of an envelope in a space."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from undersigned.envelopes.models import Comment, Envelope

from .world import World


def test_the_parties_write_and_nobody_else(world: World, visit: Callable[[str], Client]) -> None:
    here = reverse("console:envelope-discussion", args=[world.sent.pk])
    tabs = reverse("console:envelope-timeline", args=[world.sent.pk])
    owner = visit("owner")
    assert owner.get(here).status_code == 404
    assert here not in owner.get(tabs).content.decode()
    world.sent.policy["discussion"] = True
    Envelope.objects.filter(pk=world.sent.pk).update(policy=world.sent.policy)
    assert here in owner.get(tabs).content.decode()
    assert "Nobody has written anything yet." in owner.get(here).content.decode()
    assert owner.post(here, {"text": " "}).status_code == 422
    assert owner.post(here, {"text": "x" * 5001}).status_code == 422
    text = "See https://evil.example\n<script>alert(1)</script>"
    assert owner.post(here, {"text": text}).status_code == 302
    page = owner.get(here).content.decode()
    assert "See https://evil.example<br>&lt;script&gt;" in page
    assert 'href="https://evil.example' not in page
    for who in ("other", "stranger"):
        assert visit(who).get(here).status_code == 404
        assert visit(who).post(here, {"text": "x"}).status_code == 404
    comment = Comment.objects.get()
    own = reverse("console:envelope-comment", args=[world.sent.pk, comment.pk])
    assert visit("admin").post(own, {"text": "not mine"}).status_code == 404
    elsewhere = reverse("console:envelope-comment", args=[world.declined.pk, comment.pk])
    assert owner.post(elsewhere, {"text": "x"}).status_code == 404
    owner.post(own, {"text": "Better."})
    assert "Better." in visit("admin").get(here).content.decode()
    owner.post(own, {"remove": "1"})
    assert "This message was taken back." in owner.get(here).content.decode()
