"""What the parties of a space write to each other, as a tab of an envelope in it."""

from __future__ import annotations

import re

from django import forms
from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from undersigned.console import scope
from undersigned.envelopes import discussion
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.comment import TEXT_MAX, add_comment, delete_comment, edit_comment
from undersigned.envelopes.errors import Conflict, Invalid, NotFound
from undersigned.envelopes.models import Envelope

from .envelopes import tab_page


class CommentForm(forms.Form):
    """One message."""

    use_required_attribute = False
    text = forms.CharField(
        label=gettext_lazy("Your message"),
        help_text=gettext_lazy("Everybody who signs or reads, and whoever else was let in, can read it."),
        max_length=TEXT_MAX,
        error_messages={
            "required": gettext_lazy("Write a message."),
            "max_length": gettext_lazy("The message is too long."),
        },
        widget=forms.Textarea(attrs={"class": "input", "rows": 4, "dir": "auto"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def talk(request: HttpRequest, actor: Actor, envelope_id: int) -> HttpResponse:
    """Read, and write. `?before=` leads to earlier messages."""
    envelope = scope.envelope(actor, envelope_id)
    place = discussion.place_of(envelope)
    form = CommentForm(request.POST if request.method == "POST" else None)
    comments = discussion.comments(actor, place, _number(request.GET.get("before", "")))
    if request.method == "POST" and form.is_valid():
        try:
            add_comment(actor, place, form.cleaned_data["text"])
        except Invalid:
            form.add_error("text", _("Write a message."))
        except Conflict:
            form.add_error(None, _("There are so many messages here that no more can be added."))
        else:
            return redirect("console:envelope-discussion", envelope_id=envelope.pk)
    shown = [
        {"row": c, "author": discussion.author(c), "mine": discussion.is_author(actor, c)} for c in comments
    ]
    earlier = comments[0].pk if len(comments) == discussion.SHOWN else None
    return tab_page(
        request,
        actor,
        envelope,
        "discussion",
        comments=shown,
        form=form,
        earlier=earlier,
        status=422 if form.errors else 200,
    )


@require_POST
@scope.page
def change(request: HttpRequest, actor: Actor, envelope_id: int, comment_id: int) -> HttpResponse:
    """Change one's own message, or take it back."""
    envelope = scope.envelope(actor, envelope_id)
    _refuse_unless_here(envelope, comment_id)
    try:
        if "remove" in request.POST:
            delete_comment(actor, comment_id)
        else:
            edit_comment(actor, comment_id, request.POST.get("text", ""))
    except Invalid:
        flash.error(
            request,
            _("A message has between 1 and {max} characters; nothing was changed.").format(max=TEXT_MAX),
        )
    return redirect("console:envelope-discussion", envelope_id=envelope.pk)


def _refuse_unless_here(envelope: Envelope, comment_id: int) -> None:
    if comment_id >= 2**63 or not discussion.on(discussion.place_of(envelope)).filter(pk=comment_id).exists():
        raise NotFound


def _number(given: str) -> int | None:
    return int(given) if re.fullmatch(r"[0-9]{1,18}", given) else None
