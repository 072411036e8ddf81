"""Create a user."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from undersigned.base.db import atomic
from undersigned.base.errors import Invalid

from . import password_tokens, passwords, user_details
from .capabilities import brought_by, require, require_to_give
from .models import Capability, Organization, User
from .user_details import Details


def create_user(
    by: User,
    username: str,
    details: Details,
    *,
    role: str = User.Role.SIGNER,
    robot: bool = False,
    automatic: bool = False,
    password: str | None = None,
) -> User:
    """A user of the organisation of `by`. Without a password a person gets a mail with a link to choose one.

    `robot`: a program; it has no mailbox and does not log in to the console. `automatic`: signs by itself when its turn comes.
    Raises Forbidden (nobody gives what they do not have), Invalid: username required, too_long, invalid, already_used; email required
    where it is needed for the link, and the faults of `user_details` and `passwords`.
    """
    require(by, Capability.CREATE_USERS)
    faults = user_details.faults_of(details)
    if codes := user_details.username_faults(username):
        faults["username"] = codes
    if role not in User.Role.values:
        faults["role"] = ["unknown"]
    if not robot and password is None and not details.email:
        faults["email"] = ["required"]
    user_details.refuse(faults)
    require_to_give(by, brought_by(role) | (details.capabilities or frozenset()))
    user = User(
        organization=by.organization,
        username=username,
        role=role,
        kind=User.Kind.ROBOT if robot else User.Kind.PERSON,
        automatic=automatic,
        created_by=by,
    )
    if password is not None:
        passwords.check(password, user)
    with atomic():
        add(user, details, password)
        if not robot and password is None:
            password_tokens.mail_link(user, "welcome", by)
    return user


def add(user: User, details: Details, password: str | None = None) -> None:
    """Save a new user, in the caller's transaction. Raises Invalid: username already_used (in whatever case)."""
    user_details.put(user, details)
    user.set_password(password)
    if taken(user.organization, user.username):
        raise Invalid({"username": ["already_used"]})
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as e:  # somebody else was faster
        raise Invalid({"username": ["already_used"]}) from e
    user_details.put_groups(user, details.groups)


def taken(organization: Organization, username: str) -> bool:
    """Has the organisation a user of this name? Names that differ in case only would be taken for each other."""
    return User.objects.filter(organization=organization, username__iexact=username).exists()
