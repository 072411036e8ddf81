"""A forgotten password, the page of the link that is mailed then, and where the organisation's own login service leads."""

from __future__ import annotations

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from undersigned.accounts import limits, password_tokens
from undersigned.accounts.choose_password import choose_password
from undersigned.accounts.forget_password import forget_password
from undersigned.base import languages
from undersigned.console.forms import ChosenPasswordForm
from undersigned.console.people_forms import ForgottenForm
from undersigned.envelopes.errors import Conflict, Invalid


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer is the same whether or not there is such an account."""
    form = ForgottenForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        name, _at, slug = form.cleaned_data["username"].strip().rpartition("@")
        try:
            forget_password(name, slug, limits.client_address(request))
        except limits.LimitReached as e:
            form.add_error(
                None, _("Too many tries. Please wait {minutes} min and try again.").format(minutes=e.minutes)
            )
            return limits.refused(render(request, "console/forgotten.html", {"form": form}), e)
        return render(request, "console/forgotten.html", {"form": form, "sent": True})
    if form.errors:
        status = 422
    return render(request, "console/forgotten.html", {"form": form}, status=status)


@sensitive_variables("token")
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a password by a link. Looking at the page uses nothing up: mail scanners do that too."""
    try:
        user = password_tokens.find(token).user
    except Conflict:
        return render(request, "console/new_password_over.html", status=404)
    own = languages.chosen(request) or languages.supported(user.language)
    if own:
        translation.activate(own)
    form = ChosenPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            choose_password(token, form.cleaned_data["new_password1"], limits.client_address(request))
        except Conflict:
            return render(request, "console/new_password_over.html", status=404)
        except Invalid:
            form.add_error("new_password1", _("This cannot be a password. Please choose another one."))
        except limits.LimitReached as e:
            form.add_error(
                None, _("Too many tries. Please wait {minutes} min and try again.").format(minutes=e.minutes)
            )
            return limits.refused(_page(request, form, user), e)
        else:
            flash.success(request, _("Your password is set. Sign in with it."))
            return redirect("console:login")
    return _page(request, form, user)


def _page(request: HttpRequest, form: ChosenPasswordForm, user: object) -> HttpResponse:
    context = {"form": form, "person": user}
    return render(request, "console/new_password.html", context, status=422 if form.errors else 200)


@never_cache
@require_safe
def vouched(request: HttpRequest) -> HttpResponse:
    """Where a login through the organisation's own service ends. The token is in the fragment, for the program that opened the page."""
    return render(request, "console/vouched.html")
