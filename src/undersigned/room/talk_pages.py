"""The page "Ask {sender}": what the parties of a request write to each other."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from . import talk
from .gateway import Room, State, Visit
from .pages import in_room, show, to, unknown

SHOWN = 50
"""As many as the core gives at once: then there may be earlier ones."""


class AskForm(forms.Form):
    """One message."""

    text = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "class": "input", "dir": "auto"}),
    )
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("Your message")
        self.fields["text"].help_text = _("Everybody in this request can read it.")

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].replace("\r\n", "\n").strip()
        if not text:
            raise forms.ValidationError(_("Write a message."))
        if len(text) > talk.TEXT_MAX:
            values = {"max": talk.TEXT_MAX, "n": len(text)}
            raise forms.ValidationError(_("The message can have %(max)s characters; it has %(n)s.") % values)
        return text


@in_room(State.READ, State.VIEW, State.SIGNED, State.COMPLETED)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, who: Visit, room: Room) -> HttpResponseBase:
    """Read, and write. A POST with `remark` changes one's own message, or takes it back (`remove`)."""
    if not room.may_ask:
        return to("home", room.id)
    form = AskForm()
    try:
        if request.method == "POST":
            form = AskForm(request.POST)
            if _acted(request, who, form):
                return to("ask", room.id)
        return _page(request, who, room, form)
    except LookupError:
        return unknown(request)


def _acted(request: HttpRequest, who: Visit, form: AskForm) -> bool:
    """Do what the form says; False when it says nothing that can be done."""
    core = talk.current()
    remark = _number(request.POST.get("remark", ""))
    if remark is not None and "remove" in request.POST:
        core.take_back(who, remark)
        return True
    if not form.is_valid():
        return False
    if remark is None:
        core.write(who, form.cleaned_data["text"])
    else:
        core.change(who, remark, form.cleaned_data["text"])
    return True


def _page(request: HttpRequest, who: Visit, room: Room, form: AskForm) -> HttpResponse:
    remarks = talk.current().remarks(who, _number(request.GET.get("before", "")))
    heading = _("Ask %(sender)s") % {"sender": room.sender}
    changed = _number(request.POST.get("remark", ""))
    return show(
        request,
        "ask",
        room,
        heading,
        status=422 if form.errors else 200,
        form=form,
        remarks=remarks,
        changed=changed,
        earlier=remarks[0].id if len(remarks) == SHOWN else None,
    )


def _number(given: str) -> int | None:
    return int(given) if re.fullmatch(r"[0-9]{1,18}", given) else None
