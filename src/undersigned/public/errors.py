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
        case 400:
            heading, text = _("This request makes no sense to us"), _("Go back and try again.")
        case _:
            heading, text = (
                _("Something went wrong here"),
                _("It is not your fault. Nothing was signed or sent twice. Please try again in a moment."),
            )
    reference = request.META.get("undersigned.request_id", "") if status >= 500 else ""
    return render(
        request,
        "public/error.html",
        {"heading": heading, "text": text, "reference": reference, "status": status},
        status=status,
    )


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token (Django's CSRF_FAILURE_VIEW)."""
    return page(request, 403)
