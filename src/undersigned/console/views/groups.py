"""Groups of people."""

from __future__ import annotations

import uuid

from django.contrib import messages as flash
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from undersigned.accounts import groups as core
from undersigned.accounts.capabilities import may
from undersigned.accounts.find_user import matching
from undersigned.accounts.models import Capability, Group, User
from undersigned.console import scope
from undersigned.console.paging import Page, numbered
from undersigned.console.people_forms import GroupForm, PeopleFilter
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Invalid, NotFound

SIZE = 50
"""People on a page."""


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
    people = _people(request, actor, None)
    form = GroupForm(request.POST or None, users=people.rows)
    if request.method == "POST" and form.is_valid():
        try:
            core.create_group(actor.user, form.cleaned_data["name"], form.chosen)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("The group is there."))
            return redirect("console:groups")
    return _form(request, form, people, None)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def group(request: HttpRequest, actor: Actor, group_id: int) -> HttpResponse:
    """Rename a group, choose its members, a page of people at a time."""
    _admit(actor)
    found = core.find_group(actor.user, group_id)
    people = _people(request, actor, found)
    inside = found.members.filter(pk__in=[user.pk for user in people.rows]).values_list("pub", flat=True)
    initial = {"name": found.name, "members": [str(pub) for pub in inside]}
    form = GroupForm(request.POST or None, users=people.rows, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            core.change_group(actor.user, found, form.cleaned_data["name"], form.chosen, among=people.rows)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("Saved."))
            return redirect(request.get_full_path())
    return _form(request, form, people, found, may_delete=may(actor.user, Capability.DELETE_USERS))


@require_POST
@scope.page
def delete(request: HttpRequest, actor: Actor, group_id: int) -> HttpResponse:
    """Take a group away; its people stay."""
    _admit(actor)
    core.delete_group(actor.user, core.find_group(actor.user, group_id))
    flash.success(request, _("The group is gone. Its people are still there."))
    return redirect("console:groups")


def _form(
    request: HttpRequest,
    form: GroupForm,
    people: Page,
    found: Group | None,
    *,
    may_delete: bool = False,
) -> HttpResponse:
    context = {
        "tab": "people",
        "form": form,
        "page": people,
        "find": (find := PeopleFilter(request.GET, groups=[]))["q"],
        "searched": "q" in find.wanted,
        "group": found,
        "may_delete": may_delete,
    }
    return render(request, "console/group.html", context, status=422 if form.errors else 200)


def _people(request: HttpRequest, actor: Actor, found: Group | None) -> Page:
    """Whom the page shows, members first; what is posted is about those whom the page showed then."""
    users = User.objects.filter(organization=actor.organization).select_related("organization")
    if request.method == "POST":
        shown = [pub for given in request.POST.getlist("shown")[:SIZE] if (pub := _pub(given))]
        return Page(list(matching(users.filter(pub__in=shown), "")), "", "")
    users = matching(users, PeopleFilter(request.GET, groups=[]).wanted.get("q", ""))
    if found is not None:
        inside = Exists(found.members.through.objects.filter(group=found, user=OuterRef("pk")))
        users = users.alias(inside=inside).order_by("-inside", "surname", "name", "username")
    page, _count = numbered(request, users, SIZE)
    return page


def _pub(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _admit(actor: Actor) -> None:
    """Whoever may not looks at nothing. Raises NotFound."""
    if not may(actor.user, Capability.CREATE_USERS):
        raise NotFound
