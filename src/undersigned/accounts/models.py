"""Tenants and callers."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from undersigned.base.vault import EncryptedTextField


class Organization(models.Model):
    """A tenant; owns everything. Its slug is the part behind the @ of a login."""

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=16, default="en")
    business_id = models.CharField(max_length=64, blank=True)
    country = models.CharField(max_length=2, blank=True)
    sandbox = models.BooleanField(
        default=False, help_text="Test clock, demo eID and sandbox signer work here only."
    )
    clock_offset = models.DurationField(
        default=timedelta, help_text="Moves domain time; sandbox organisations only."
    )
    default_expire_days = models.PositiveIntegerField(null=True, blank=True)
    retention_signed_months = models.PositiveIntegerField(null=True, blank=True)
    retention_unsigned_months = models.PositiveIntegerField(null=True, blank=True)
    retention_other_months = models.PositiveIntegerField(null=True, blank=True)
    login_secret = EncryptedTextField(
        null=True, help_text="Shared with the organisation's own login service, which vouches for its people."
    )
    settings = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug


class Capability(models.TextChoices):
    """What a user may do beyond their role."""

    OPERATE = "operate", "see and mend the work of the whole installation"
    RESET_PASSWORDS = "reset_passwords", "take other people's passwords from them"
    CREATE_USERS = "create_users", "make and change users"
    SEE_USERS = "see_users", "see all users"
    DELETE_USERS = "delete_users", "disable and enable users"
    SEE_ENVELOPES = "see_envelopes", "see all envelopes"
    DELETE_ENVELOPES = "delete_envelopes", "delete anybody's envelopes"
    CHANGE_ENVELOPES = "change_envelopes", "make envelopes and change anybody's"
    SEE_DEVICES = "see_devices", "see everybody's devices"
    DELETE_DEVICES = "delete_devices", "remove anybody's devices"
    CHANGE_ORGANIZATION = "change_organization", "change the organisation's settings"


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, organization: Organization, username: str, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(organization=organization, username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person or robot of an organisation. Logs in as `username@slug`; e-mail addresses may repeat."""

    class Kind(models.TextChoices):
        PERSON = "person"
        ROBOT = "robot"

    class Role(models.TextChoices):
        """`member` makes envelopes, sees those that concern them, and signs; `signer` only signs."""

        ADMIN = "admin"
        MEMBER = "member"
        SIGNER = "signer"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="users", db_index=False
    )
    pub = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField(max_length=150)
    email = models.EmailField(blank=True, db_index=True)
    name = models.CharField(max_length=200, blank=True)
    surname = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=16, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    capabilities = models.JSONField(default=list)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PERSON)
    automatic = models.BooleanField(
        default=False, help_text="Signs by itself, with its own key, when its turn comes."
    )
    disabled_at = models.DateTimeField(null=True, blank=True)
    extra = models.JSONField(default=dict, help_text="What programs keep with the user.")
    template_data = models.JSONField(default=dict, help_text="Values for text fields of templates.")
    wire = models.JSONField(default=dict)
    created_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "username"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "username"], name="user_name_in_organization")
        ]

    def __str__(self) -> str:
        return f"{self.username}@{self.organization.slug}"

    @property
    def full_name(self) -> str:
        """Name and surname, else the login name."""
        return f"{self.name} {self.surname}".strip() or self.username

    @property
    def is_operator(self) -> bool:
        """Runs the installation: sees what failed in every organisation."""
        return Capability.OPERATE in self.capabilities

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.disabled_at is None


class Group(models.Model):
    """A named set of users of one organisation."""

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="groups", db_index=False
    )
    name = models.CharField(max_length=200)
    members = models.ManyToManyField(User, related_name="groups")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="group_name_in_organization")
        ]

    def __str__(self) -> str:
        return self.name


class Credential(models.Model):
    """What a program proves itself with. The secret is kept as a keyed hash; only what a GET must return again is encrypted."""

    class Kind(models.TextChoices):
        API_KEY = "api_key"
        OAUTH_CLIENT = "oauth_client"
        LIFETIME = "lifetime"
        DEVICE = "device"

    class Reach(models.TextChoices):
        """Which envelopes a credential's actor sees (`envelopes.access`)."""

        ACCOUNT = "account"
        ROBOT = "robot"
        CLIENT = "client"
        USER = "user"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="credentials")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="credentials", db_index=False)
    dialect = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    reach = models.CharField(max_length=10, choices=Reach.choices)
    description = models.CharField(max_length=200)
    # Null where there is none, since it is unique.
    client_id = models.CharField(max_length=100, null=True, help_text="Names an OAuth client; no secret.")  # noqa: DJ001
    secret_hash = models.BinaryField(max_length=32, unique=True)
    secret = EncryptedTextField(null=True)
    enabled = models.BooleanField(default=True)
    webhook_url = models.CharField(max_length=2000, blank=True)
    webhook_secret = EncryptedTextField(null=True, help_text="Standard Webhooks secret, whsec_….")
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["user", "dialect"], name="credential_user")]
        constraints = [models.UniqueConstraint(fields=["dialect", "client_id"], name="credential_client_id")]

    def __str__(self) -> str:
        return self.description


class EndpointConfig(models.Model):
    """How a user's own server is called: where events go, what headers they carry, how we prove ourselves there and where files are fetched."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="endpoint")
    dialect = models.CharField(max_length=20, help_text="Whose events go to the URL: each API words its own.")
    url = models.CharField(max_length=2000, blank=True)
    secret = EncryptedTextField(null=True, help_text="Standard Webhooks secret, whsec_….")
    headers = EncryptedTextField(null=True, help_text="JSON: name to list of values.")
    auth = EncryptedTextField(
        null=True, help_text="JSON: mode (basic, digest), username, password, client key and certificate."
    )
    updated_at = models.DateTimeField(auto_now=True)


class PasswordToken(models.Model):
    """Lets its holder choose a new password, once (`accounts.password_tokens`): who has used it has no row any more."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="password_tokens")
    secret_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)


class Device(models.Model):
    """A user's phone that was trusted by scanning a challenge; `credential` holds its token."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices", db_index=False)
    device_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    credential = models.OneToOneField(Credential, on_delete=models.PROTECT, related_name="device")
    push_token = EncryptedTextField(null=True)
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "device_id"], name="device_of_user")]


class DeviceChallenge(models.Model):
    """What a new device must present; one a user, a new one voids the former."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="device_challenge")
    secret_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class AccessToken(models.Model):
    """A bearer token of an OAuth client (RFC 6750), kept as a keyed hash. `user`: for whom the client acts, where it is not its own user."""

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="access_tokens")
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="access_tokens")
    refresh_hash = models.BinaryField(
        max_length=32, null=True, help_text="Of the token that renews it (RFC 6749, 6)."
    )
    refresh_until = models.DateTimeField(null=True)
    family_hash = models.BinaryField(
        max_length=32,
        null=True,
        unique=True,
        help_text="Of what all tokens that renew each other have in common.",
    )
    token_hash = models.BinaryField(max_length=32, unique=True)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)


class IdempotencyRecord(models.Model):
    """The answer to a creating call with an `Idempotency-Key`, given again to its repetition for 24 hours."""

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=255)
    request_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = EncryptedTextField(null=True)
    expires_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["credential", "key"], name="idempotency_key")]


class Attempt(models.Model):
    """Tries that count against a limit (`accounts.limits`): kept in the database so that all processes share it."""

    bucket = models.CharField(max_length=100)
    subject = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["bucket", "subject", "at"], name="attempt_window")]
