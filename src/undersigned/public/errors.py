"""The page that people see when something is not there or has failed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def page(request: HttpRequest, status: int) -> HttpResponse:
    """What happened and what to do, in words; the request's id only where somebody has to look for it (5xx)."""
    match status:
        case 404:
            heading, text = (
                _("This page does not exist"),
                _("The address may be incomplete, or you may not see what is there."),
            )
        case 403:
            heading, text = (
                _("This was refused"),
                _(
                    "The page was open too long, or your browser keeps no cookies. Go back, load it again and repeat."
                ),
            )
        case 429:
            heading, text = (
                _("Too many tries"),
                _("For safety this is limited. Nothing was changed. Please wait some minutes and try again."),
            )
        case 400:
            heading, text = _("This request makes no sense to us"), _("Go back and try again.")
        case _:
            heading, text = (
                _("Something went wrong here"),
                _("It is not your fault. Nothing was signed or sent twice. Please try again in a moment."),
            )
    return _shown(request, status, heading, text)


def withheld(request: HttpRequest, status: int) -> HttpResponse:
    """A file is not handed out: it did not pass the virus scan (403), or nobody could look (503)."""
    if status == 403:
        text = _("It did not pass the virus scan. Its owner has been told.")
        return _shown(request, status, _("This file is not handed out"), text)
    text = _(
        "We could not check the file for viruses. We do not hand it out without that. Please try again in a minute."
    )
    return _shown(request, status, _("Not possible right now"), text)


def _shown(request: HttpRequest, status: int, heading: str, text: str) -> HttpResponse:
    reference = request.META.get("undersigned.request_id", "") if status >= 500 else ""
    context = {"heading": heading, "text": text, "reference": reference, "status": status}
    response = render(request, "public/error.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token (Django's CSRF_FAILURE_VIEW)."""
    return page(request, 403)
