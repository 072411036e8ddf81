"""Signing in and out, and the password."""

from __future__ import annotations

from django.contrib import messages as flash
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from undersigned.accounts import limits, passwords
from undersigned.accounts.capabilities import may_create_envelopes
from undersigned.accounts.login import PER_PAIR, QUARTER, check_login
from undersigned.base.db import atomic
from undersigned.console import scope
from undersigned.console.forms import LoginForm, PasswordForm
from undersigned.envelopes.actor import Actor


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Log in as `username@organisation`."""
    target = _safe_next(request)
    if request.user.is_authenticated:
        return redirect(target)
    form = LoginForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            user = check_login(request, form.cleaned_data["username"].strip(), form.cleaned_data["password"])
        except limits.LimitReached as e:
            form.add_error(
                None, _("Too many tries. Please wait {minutes} min and try again.").format(minutes=e.minutes)
            )
            return limits.refused(render(request, "console/login.html", {"form": form, "next": target}), e)
        if user is not None:
            login(request, user)
            return redirect(target)
        form.add_error(
            None, _("User name or password is not right. The user name has the form name@organisation.")
        )
    if form.errors:
        status = 422
    return render(request, "console/login.html", {"form": form, "next": target}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("console:login")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def password(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Change one's own password; other sessions of the account end."""
    form = PasswordForm(actor.user, request.POST or None)
    programs = may_create_envelopes(actor.user)
    about = {"form": form, "tab": "account", "page": "password", "mine": True, "programs": programs}
    if request.method == "POST":
        try:
            limits.take("password.change", str(actor.user.pk), PER_PAIR, QUARTER)
        except limits.LimitReached as e:
            page = render(request, "console/password.html", about | {"locked": e.minutes})
            return limits.refused(page, e)
        if form.is_valid():
            with atomic():
                passwords.put(actor.user, form.cleaned_data["new_password1"])
            update_session_auth_hash(request, actor.user)
            flash.success(request, _("Your password has been changed. Other sign-ins of yours have ended."))
            return redirect("console:password")
    return render(request, "console/password.html", about, status=422 if form.errors else 200)


def _safe_next(request: HttpRequest) -> str:
    """Where to go after the login: only a path of the console."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    home = reverse("console:home")
    if wanted.startswith(home) and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return home
