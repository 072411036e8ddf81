"""People: who is there, what they may do, their groups. For who may see users; what may be changed, the core says."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.contrib import messages as flash
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from undersigned.accounts import clear_password, disable_user
from undersigned.accounts.capabilities import brought_by, capabilities_of, may
from undersigned.accounts.change_user import change_user
from undersigned.accounts.create_user import create_user
from undersigned.accounts.find_user import find_user, matching, users_for
from undersigned.accounts.models import Capability, Group, User
from undersigned.accounts.set_role import set_role
from undersigned.console import scope
from undersigned.console.paging import numbered
from undersigned.console.people_forms import (
    CAPABILITIES,
    ROLES,
    NewPersonForm,
    PeopleFilter,
    PersonForm,
    RightsForm,
)
from undersigned.envelopes.actor import Actor
from undersigned.envelopes.errors import Conflict, Invalid, NotFound

SIZE = 50


@require_safe
@scope.page
def people_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All users of the organisation by name, page by page."""
    _admit(actor)
    groups = list(Group.objects.filter(organization=actor.organization).order_by("name"))
    form = PeopleFilter(request.GET, groups=groups)
    users = _wanted(users_for(actor.user), form.wanted)
    found, count = numbered(request, users.prefetch_related("groups"), SIZE)
    page = replace(found, rows=[_row(user) for user in found.rows])
    context = {
        "tab": "people",
        "form": form,
        "page": page,
        "count": count,
        "filtered": bool(form.wanted),
        "groups": groups,
        "may_add": may(actor.user, Capability.CREATE_USERS),
    }
    return render(request, "console/people.html", context)


def _wanted(users: QuerySet[User], wanted: dict[str, str]) -> QuerySet[User]:
    if "role" in wanted:
        users = users.filter(role=wanted["role"])
    if "state" in wanted:
        users = users.filter(disabled_at__isnull=wanted["state"] == "on")
    if "group" in wanted:
        users = users.filter(groups=int(wanted["group"]))
    return matching(users, wanted.get("q", ""))


def _row(user: User) -> dict[str, object]:
    return {
        "row": user,
        "role": ROLES[user.role][0],
        "groups": ", ".join(sorted(group.name for group in user.groups.all())),
        "beside": len(set(user.capabilities) - brought_by(user.role)),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def new_person(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a user; a person gets a mail with a link for a password."""
    _admit(actor, Capability.CREATE_USERS)
    groups = _groups(actor)
    form = NewPersonForm(
        request.POST or None, groups=groups, slug=actor.organization.slug, roles=_roles(actor.user)
    )
    if request.method == "POST" and form.is_valid():
        kind = form.cleaned_data["kind"]
        try:
            user = create_user(
                actor.user,
                form.cleaned_data["username"],
                form.details,
                role=form.cleaned_data["role"],
                robot=kind != "person",
                automatic=kind == "automatic",
            )
        except Invalid as e:
            form.refuse(e.faults)
        else:
            done = _("The account is there. Give it a key, a client or a token.")
            if kind == "person":
                done = _("A mail with a link for the password is on its way to {address}.").format(
                    address=user.email
                )
            flash.success(request, done)
            return redirect("console:person", user_pub=user.pub)
    context = {"tab": "people", "form": form, "roles": ROLES}
    return render(request, "console/person_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.page
def person(request: HttpRequest, actor: Actor, user_pub: uuid.UUID) -> HttpResponse:
    """One user; the form changes what is known of them."""
    user = _found(
        actor, user_pub, Capability.CREATE_USERS if request.method == "POST" else Capability.SEE_USERS
    )
    form = PersonForm(
        request.POST or None, groups=_groups(actor), language=user.language, initial=PersonForm.of(user)
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_user(actor.user, user, form.details)
        except Invalid as e:
            form.refuse(e.faults)
        else:
            flash.success(request, _("Saved."))
            return redirect("console:person", user_pub=user.pub)
    return _person(request, actor, user, form)


@require_POST
@scope.page
def rights(request: HttpRequest, actor: Actor, user_pub: uuid.UUID) -> HttpResponse:
    """Another role, other capabilities."""
    user = _found(actor, user_pub, Capability.CREATE_USERS)
    form = _rights_form(actor, user, request)
    if form.is_valid():
        try:
            set_role(actor.user, user, form.cleaned_data["role"], form.beside_role)
        except Conflict as e:
            flash.error(request, _refusal(e))
        else:
            flash.success(request, _("Saved. It holds from now on."))
        return redirect("console:person", user_pub=user.pub)
    return _person(request, actor, user, None, form)


@require_POST
@scope.page
def switch(request: HttpRequest, actor: Actor, user_pub: uuid.UUID, on: bool) -> HttpResponse:
    """Disable or enable a user."""
    user = _found(actor, user_pub, Capability.DELETE_USERS)
    try:
        if on:
            disable_user.enable_user(actor.user, user)
        else:
            disable_user.disable_user(actor.user, user)
    except Conflict as e:
        flash.error(request, _refusal(e))
    else:
        words = (
            _("They can sign in again.")
            if on
            else _("They are out, and none of their tokens works any more.")
        )
        flash.success(request, words)
    if user.pk == actor.user.pk and not on:
        return redirect("console:login")
    return redirect("console:person", user_pub=user.pub)


@require_POST
@scope.page
def send_link(request: HttpRequest, actor: Actor, user_pub: uuid.UUID) -> HttpResponse:
    """Mail a user a link for a new password."""
    user = _found(actor, user_pub, Capability.RESET_PASSWORDS)
    try:
        clear_password.send_link(actor.user, user)
    except Conflict as e:
        flash.error(request, _refusal(e))
    else:
        sent = _("A mail with a link for a new password is on its way to {address}.")
        flash.success(request, sent.format(address=user.email))
    return redirect("console:person", user_pub=user.pub)


def _person(
    request: HttpRequest, actor: Actor, user: User, form: PersonForm | None, rights: RightsForm | None = None
) -> HttpResponse:
    above = bool(capabilities_of(user) - capabilities_of(actor.user))
    held = capabilities_of(user)
    context = {
        "tab": "people",
        "person": user,
        "role": ROLES[user.role],
        "roles": ROLES,
        "capabilities": [words for name, words in CAPABILITIES.items() if name in held],
        "brought": {role: [CAPABILITIES[c] for c in CAPABILITIES if c in brought_by(role)] for role in ROLES},
        "groups": user.groups.order_by("name"),
        "form": form
        or PersonForm(groups=_groups(actor), language=user.language, initial=PersonForm.of(user)),
        "rights": rights or _rights_form(actor, user),
        "above": above,
        "may_change": not above and may(actor.user, Capability.CREATE_USERS),
        "may_switch": not above and may(actor.user, Capability.DELETE_USERS),
        "may_link": not above
        and may(actor.user, Capability.RESET_PASSWORDS)
        and user.kind == User.Kind.PERSON,
        "myself": user.pk == actor.user.pk,
    }
    failed = (form is not None and form.errors) or (rights is not None and rights.errors)
    return render(request, "console/person.html", context, status=422 if failed else 200)


def _rights_form(actor: Actor, user: User, request: HttpRequest | None = None) -> RightsForm:
    beside = set(user.capabilities) & set(CAPABILITIES)
    return RightsForm(
        request.POST if request else None,
        roles={**dict.fromkeys(_roles(actor.user)), user.role: None},
        capabilities=(capabilities_of(actor.user) & set(CAPABILITIES)) | beside,
        initial={"role": user.role, "beside": sorted(beside)},
        prefix="rights",
    )


def _roles(user: User) -> list[str]:
    """Those that the user may give: nobody gives what they do not have."""
    held = capabilities_of(user)
    return [role for role in ROLES if brought_by(role) <= held]


def _groups(actor: Actor) -> list[Group]:
    return list(Group.objects.filter(organization=actor.organization).order_by("name"))


def _admit(actor: Actor, capability: Capability = Capability.SEE_USERS) -> None:
    """Whoever may not looks at nothing. Raises NotFound."""
    if not may(actor.user, capability):
        raise NotFound


def _found(actor: Actor, pub: uuid.UUID, capability: Capability) -> User:
    _admit(actor, capability)
    return find_user(actor.user, pub, capability)


def _refusal(e: Conflict) -> str:
    words = {
        "last_admin": _("This is the organisation’s last administrator. Name another one first."),
        "robot": _("A program has no mailbox."),
        "disabled": _("This account is disabled. Enable it first."),
        "no_address": _("There is no mail address. Enter one first."),
    }
    return words.get(e.code, e.code)
