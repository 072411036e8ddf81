"""The front page and the APIs' reference."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from undersigned.public import api_docs


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """What this is, and where to go."""
    return render(request, "public/front.html", {"apis": api_docs.apis(), "demo": settings.DEMO})


@require_safe
def reference(request: HttpRequest, dialect: str) -> HttpResponse:
    """One API, readable."""
    api = api_docs.find(dialect)
    if api is None:
        raise Http404
    document = api.schema()
    groups = api_docs.Reader(document).groups()
    context = {
        "api": api,
        "info": document.get("info", {}),
        "groups": groups,
        "base": settings.PUBLIC_URL,
        "apis": api_docs.apis(),
    }
    return render(request, "public/docs.html", context)


@require_safe
def schema(_request: HttpRequest, dialect: str) -> HttpResponse:
    """The same as an OpenAPI document."""
    api = api_docs.find(dialect)
    if api is None:
        raise Http404
    return JsonResponse(api.schema(), json_dumps_params={"indent": 1})
