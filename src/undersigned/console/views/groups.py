"""Groups of people."""

from __future__ import annotations

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from undersigned.accounts import groups as core
from undersigned.accounts.capabilities import may
from undersigned.accounts.models import Capability, Group, User
from undersigned.console import scope
from undersigned.console.people_forms import GroupForm
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Invalid, NotFound


@require_safe
@scope.page
def group_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All groups, with how many are in each."""
    _admit(actor)
    context = {"tab": "people", "groups": core.managed_groups(actor.user)}
    return render(request, "console/groups.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def new_group(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a group."""
    _admit(actor)
    form = GroupForm(request.POST or None, users=_users(actor))
    if request.method == "POST" and form.is_valid():
        try:
            core.create_group(actor.user, form.cleaned_data["name"], form.chosen)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("The group is there."))
            return redirect("console:groups")
    return _form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def group(request: HttpRequest, actor: Actor, group_id: int) -> HttpResponse:
    """Rename a group, choose its members."""
    _admit(actor)
    found = core.find_group(actor.user, group_id)
    initial = {
        "name": found.name,
        "members": [str(pub) for pub in found.members.values_list("pub", flat=True)],
    }
    form = GroupForm(request.POST or None, users=_users(actor), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            core.change_group(actor.user, found, form.cleaned_data["name"], form.chosen)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("Saved."))
            return redirect("console:groups")
    return _form(request, form, found, may_delete=may(actor.user, Capability.DELETE_USERS))


@require_POST
@scope.page
def delete(request: HttpRequest, actor: Actor, group_id: int) -> HttpResponse:
    """Take a group away; its people stay."""
    _admit(actor)
    core.delete_group(actor.user, core.find_group(actor.user, group_id))
    flash.success(request, _("The group is gone. Its people are still there."))
    return redirect("console:groups")


def _form(
    request: HttpRequest, form: GroupForm, found: Group | None, *, may_delete: bool = False
) -> HttpResponse:
    context = {"tab": "people", "form": form, "group": found, "may_delete": may_delete}
    return render(request, "console/group.html", context, status=422 if form.errors else 200)


def _users(actor: Actor) -> list[User]:
    users = User.objects.filter(organization=actor.organization).select_related("organization")
    return list(users.order_by("surname", "name", "username"))


def _admit(actor: Actor) -> None:
    """Whoever may not looks at nothing. Raises NotFound."""
    if not may(actor.user, Capability.CREATE_USERS):
        raise NotFound
