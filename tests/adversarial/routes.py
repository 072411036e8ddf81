"""Every address of the server with every method it takes, and who gets which answer. A new route without a row fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from . import today_routes

CALLERS: dict[str, dict[str, int | None]] = {
    "api": {
        "nobody": 401,
        "wrong key": 401,
        "disabled key": 401,
        "key of a disabled user": 401,
        "stranger": None,
        "colleague": None,
        "administrator": None,
        "right": None,
    },
    "api object": {
        "nobody": 401,
        "wrong key": 401,
        "disabled key": 401,
        "key of a disabled user": 401,
        "stranger": 404,
        "colleague": 404,
        "administrator": 404,
        "right": None,
    },
    "console": {
        "nobody": 302,
        "disabled user": 302,
        "stranger": None,
        "colleague": None,
        "administrator": None,
        "right": None,
    },
    "console object": {
        "nobody": 302,
        "disabled user": 302,
        "stranger": 404,
        "colleague": 404,
        "administrator": None,
        "right": None,
    },
    "room": {
        "nobody": 404,
        "wrong cookie": 404,
        "cookie of another link": 404,
        "signer of another envelope": 404,
        "console user": 404,
        "right": None,
    },
    "admin object": {
        "nobody": 302,
        "disabled user": 302,
        "stranger": 404,
        "colleague": 404,
        "right": 404,
        "administrator": None,
    },
    "own object": {
        "nobody": 302,
        "disabled user": 302,
        "stranger": 404,
        "colleague": 404,
        "administrator": 404,
        "right": None,
    },
    "operator": {
        "nobody": 302,
        "disabled user": 302,
        "colleague": 404,
        "right": 404,
        "stranger": None,
        "administrator": None,
    },
    "space": {
        "nobody": 401,
        "wrong token": 401,
        "token of a disabled client": 401,
        "stranger": 404,
        "colleague": 404,
        "right": None,
    },
    "orders": {
        "nobody": 401,
        "wrong token": 401,
        "token of a disabled client": 401,
        "stranger": 404,
        "colleague": 404,
        "right": None,
    },
    "today": {"nobody": 401, "wrong token": 401, "token of a disabled user": 401, "right": None},
    "today people": {
        "nobody": 401,
        "wrong token": 401,
        "token of a disabled user": 401,
        "colleague": 403,
        "stranger": 404,
        "right": None,
    },
    "today dst": {},
    "public": {"nobody": None, "administrator": None},
}
"""By the kind of a row: status for each caller; None: the row's own. "stranger" belongs to another organisation (and administers it),
"colleague" and "administrator" to the owner's. Of "today dst" the callers are in `today_routes`."""


@dataclass(frozen=True)
class Row:
    """`right`: status for who may. `before`: for a signer who has not given the code yet (rooms). `form`: what is posted; `once`: it
    ends something, so that only one may try."""

    kind: str
    right: int = 200
    before: int = 303
    form: Any = None
    once: bool = False
    media_type: str = ""


JSON = "application/json"
BYTES = "application/octet-stream"
CONTRACT = "api/v1/contracts/<contract_id>"
VERSION = f"{CONTRACT}/versions/<version>"
ROOM = "room/<opaque:room_id>/"
SPACE = "api/v1/"
ORDERS = ("enterprise/sign", "sign")
ORDER = "orders/<order_id>"
TASK = f"{ORDER}/tasks/<task_id>"
PACKAGE = f"{ORDER}/packaging-tasks/<packaging_task_id>"
PDF = "application/pdf"
ENVELOPE = "console/envelopes/<int:envelope_id>"
DRAFT = "console/drafts/<int:envelope_id>"
TEMPLATE = "console/templates/<int:template_id>"
INSTANCE = "console/instances/<int:envelope_id>"
KEY = "console/keys/<int:key_id>"
PROVIDER = "console/sign-in/<int:provider_id>"
PERSON = "console/people/<uuid:user_pub>"
GROUP = "console/people/groups/<int:group_id>"
TODAY_USER = "api/user/<user_id>"
LOOK = f"{TODAY_USER}/identity/<identity_id>/appearance"
SIGNING_KEYS = "console/account/signing-keys"
NAMED = {"username": "ivan", "domain": "board"}

ROWS: dict[tuple[str, str], Row] = {
    # --- Signsquid
    ("POST", "api/v1/contracts"): Row("api", 201, form=b'{"name": "x"}', media_type=JSON),
    ("GET", "api/v1/contracts"): Row("api"),
    ("GET", CONTRACT): Row("api object"),
    ("GET", VERSION): Row("api object"),
    ("GET", f"{VERSION}/files"): Row("api object"),
    ("GET", f"{VERSION}/files/<filename>"): Row("api object"),
    ("GET", "api/v1/webhookevents/<event_id>"): Row("api object"),
    ("POST", f"{VERSION}/signatories"): Row(
        "api object", 400, form=b'{"name": "x", "email": "x@example.com"}', media_type=JSON
    ),
    ("POST", f"{VERSION}/files"): Row("api object", 400, form=b"%PDF-", media_type=BYTES),
    ("POST", VERSION): Row("api object", 400, form=b"", media_type=JSON),
    ("POST", f"{CONTRACT}/versions"): Row("api object", 201, form=b"", media_type=JSON),
    # --- SignSpace; forms are the members of the JSON, or of the query
    ("POST", "auth/token"): Row("public", 400),
    ("POST", f"{SPACE}files.create"): Row("space", form={"name": "a", "base64": "YQ=="}),
    ("GET", f"{SPACE}files.download"): Row("space", form={"id": "<file>"}),
    ("POST", f"{SPACE}tasks.signingRequest.create"): Row(
        "space",
        form={
            "title": "a",
            "files": ["<file>"],
            "participants": [{"handle": "a@example.com", "role": "signer", "display_name": "A B"}],
        },
    ),
    ("POST", f"{SPACE}tasks.signingRequest.update"): Row("space", form={"task": "<task>", "title": "b"}),
    ("POST", f"{SPACE}tasks.hold"): Row("space", form={"task": "<task>"}),
    ("POST", f"{SPACE}tasks.cancel"): Row("space", form={"task": "<task>"}),
    ("POST", f"{SPACE}tasks.open"): Row("space", form={"task": "<task>"}),
    ("GET", f"{SPACE}tasks.list"): Row("space", form={}),
    ("GET", f"{SPACE}tasks.get"): Row("space", form={"id": "<task>"}),
    ("GET", f"{SPACE}tasks.searchByOrg"): Row("space", form={"business_id": "1", "country_code": "fi"}),
    ("GET", f"{SPACE}conversations.get"): Row("space", form={"id": "<conversation>"}),
    ("POST", f"{SPACE}conversations.setRetentionManually"): Row(
        "space",
        form={
            "task": "<task>",
            "conversation": "<conversation>",
            "retention_settings": {"delete_signed_content_after_months": 3},
        },
    ),
    ("POST", f"{SPACE}conversations.markDeleted"): Row("space", form={"conversations": ["<conversation>"]}),
    ("POST", f"{SPACE}conversations.restore"): Row("space", form={"conversations": ["<conversation>"]}),
    # --- Signicat, at both of its addresses
    **{
        ("POST", path): Row("public", 400)
        for path in ("auth/open/connect/token", "oidc/token", "enterprise/oidc/token")
    },
    ("GET", "auth/open/.well-known/openid-configuration"): Row("public"),
    ("GET", "std/docaction/<str:service>"): Row("public", 302),
    **{
        (method, f"{base}/{path}"): row
        for base in ORDERS
        for method, path, row in (
            ("POST", "documents", Row("orders", 400, form=b"x", media_type=PDF)),
            ("GET", "documents/<document_id>", Row("orders")),
            ("GET", "archive-documents/<archive_id>", Row("orders", 404)),  # nothing is there yet
            ("DELETE", "archive-documents/<archive_id>", Row("orders", 404)),
            ("POST", "orders", Row("orders", 400, form=b"{}", media_type=JSON)),
            ("GET", ORDER, Row("orders")),
            ("GET", f"{PACKAGE}/status", Row("orders")),
            ("GET", f"{PACKAGE}/result", Row("orders", 404)),  # nobody has signed
            ("GET", f"{TASK}/status", Row("orders")),
            ("GET", f"{TASK}/events", Row("orders")),
            ("GET", f"{TASK}/forwards", Row("orders")),
            ("POST", f"{TASK}/artifact", Row("orders")),
            ("PUT", f"{TASK}/artifact", Row("orders")),
            ("POST", f"{TASK}/authentication-artifact", Row("orders")),
            ("PUT", f"{TASK}/authentication-artifact", Row("orders")),
            ("GET", f"{TASK}/documents/<document_id>/original", Row("orders")),
            ("GET", f"{TASK}/documents/<document_id>/generated", Row("orders", 404)),
            ("GET", f"{TASK}/documents/<document_id>/result", Row("orders", 404)),
            ("DELETE", "documents/<document_id>", Row("orders", 204)),
            ("DELETE", ORDER, Row("orders", 204)),
        )
    },
    **{operation: Row("today dst") for operation in today_routes.OPERATIONS},
    # --- Signing Today: people; forms are (query, JSON or text). What ends the session comes last.
    ("POST", "api/oauth/token"): Row("public", 400),
    ("POST", "api/auth/saml"): Row("public", 409),
    ("GET", "api/auth/passwordLost"): Row("public", 400),
    ("POST", "api/auth/changePassword"): Row("public", 400),
    ("GET", "api/service/configuration"): Row("public"),
    ("GET", "api/auth/user"): Row("today"),
    ("GET", "api/auth/passwordToken"): Row("today"),
    ("GET", "api/users"): Row("today"),
    ("GET", "api/users/groups"): Row("today"),
    ("POST", "api/users"): Row("today", 400, form=({}, {"user": {"username": "a@b"}})),
    ("POST", "api/users/groups"): Row("today", 400, form=({}, [{"name": ""}])),
    ("GET", TODAY_USER): Row("today people"),
    ("PUT", TODAY_USER): Row("today people", 204, form=({}, {"name": "Ivan"})),
    ("PUT", f"{TODAY_USER}/role"): Row("today people", 204, form=({"newRole": "instructor"}, None)),
    ("POST", "api/service/changePassword"): Row("today people", 409, form=(NAMED, "a sentence of my own")),
    ("GET", "api/auth/passwordReset"): Row("today people", 204, form=(NAMED, None)),
    ("GET", "api/devices"): Row("today"),
    ("GET", "api/device/authorization"): Row("today"),
    ("POST", "api/device/authorization"): Row(
        "public", 401, form=b'{"challenge": "x", "deviceId": "y"}', media_type=JSON
    ),
    ("DELETE", "api/device/authorization"): Row("today", 404, form=({"deviceId": "x"}, None)),
    ("POST", "api/notifications/push-token"): Row("today", 409, form=({}, {"deviceId": "x", "token": "t"})),
    ("DELETE", "api/notifications/push-token"): Row("today", 204, form=({"deviceId": "x"}, None)),
    ("GET", "api/robot/authentication"): Row("today people", form=(NAMED, None)),
    ("DELETE", "api/robot/authentication"): Row("today people", 204, form=(NAMED, None)),
    ("GET", "api/robot/configuration"): Row("today people", form=(NAMED, None)),
    ("PUT", "api/robot/configuration"): Row("today people", 204, form=(NAMED, {"requestHeaders": {}})),
    ("GET", f"{TODAY_USER}/identities"): Row("today people"),
    ("GET", LOOK): Row("today people", 404),  # none is kept
    ("POST", LOOK): Row("today people", 400),
    ("DELETE", LOOK): Row("today people", 404),
    ("DELETE", TODAY_USER): Row("today people", 204),
    ("POST", "api/auth/passwordReset"): Row(
        "today", 403, form=({}, {"currentPassword": "x", "newPassword": "y"})
    ),
    ("GET", "api/auth/logout"): Row("today", 204),
    # --- the room of a signer who may read and sign
    ("GET", "room/l/<str:token>"): Row("public"),
    ("POST", "room/l/<str:token>"): Row("public", 303, form={}),
    ("POST", "room/l/<str:token>/resend"): Row("public", form={}),
    ("GET", "std/<uuid:ticket>/signature"): Row("public", 404),  # it is nobody's
    ("POST", "std/<uuid:ticket>/signature"): Row("public", 404, form={}),
    ("GET", "room/p/<str:token>"): Row("public", 404),  # nobody has asked for a phone
    ("POST", "room/p/<str:token>"): Row("public", 404, form={}),
    ("GET", ROOM): Row("room", 303),
    ("GET", f"{ROOM}state"): Row("room", before=200),
    ("POST", f"{ROOM}stay"): Row("room", 200, before=200, form={}),
    ("POST", f"{ROOM}open"): Row("room", 303, form={}),
    ("POST", f"{ROOM}resend"): Row("room", 303, form={}),
    ("GET", f"{ROOM}code"): Row("room", 303, before=200),
    ("POST", f"{ROOM}code"): Row("room", 303, before=422, form={"code": "WRONG2"}),
    ("POST", f"{ROOM}code/again"): Row("room", 303, before=200, form={}),
    ("GET", f"{ROOM}one-time"): Row("room", 303),  # nobody is asked for one here
    ("POST", f"{ROOM}one-time"): Row("room", 303, form={"code": "123456"}),
    ("POST", f"{ROOM}one-time/send"): Row("room", 303, form={}),
    ("GET", f"{ROOM}identify"): Row("room", 303),
    ("POST", f"{ROOM}identify"): Row("room", 303, form={"provider": "bank"}),
    ("GET", f"{ROOM}identify/<slug:how>"): Row("room", 303),
    ("GET", f"{ROOM}identified"): Row("room", 303),
    ("GET", f"{ROOM}provider/<slug:provider>.png"): Row("room", 404, before=404),  # it has no logo
    # This request asks for nothing but to read one document and to sign it, has no message, and may not be handed on.
    ("GET", f"{ROOM}message"): Row("room", 303),
    ("POST", f"{ROOM}message"): Row("room", 303, form={}),
    ("GET", f"{ROOM}documents"): Row("room", 303),
    ("GET", f"{ROOM}document/<int:number>"): Row("room"),
    ("POST", f"{ROOM}document/<int:number>"): Row("room", 303, form={}),
    ("POST", f"{ROOM}document/<int:number>/form"): Row("room", 303, form={"finish": "1"}),
    ("GET", f"{ROOM}document/<int:number>/form-<opaque:version>.css"): Row("room"),
    ("GET", f"{ROOM}document/<int:number>/file"): Row("room", 303),
    ("POST", f"{ROOM}document/<int:number>/file"): Row("room", 303, form={}),
    ("GET", f"{ROOM}tray"): Row("room", 303),  # nothing is dealt with by itself here
    ("GET", f"{ROOM}task/<int:number>"): Row("room", 404),
    ("POST", f"{ROOM}task/<int:number>"): Row("room", 404, form={}),
    ("GET", f"{ROOM}wallet"): Row("room", 303),  # the signer is no user
    ("POST", f"{ROOM}wallet"): Row("room", 303, form={"password": "x"}),
    ("GET", f"{ROOM}forward"): Row("room", 303),
    ("POST", f"{ROOM}forward"): Row("room", 303, form={"name": "x"}),
    ("GET", f"{ROOM}read"): Row("room"),
    ("GET", f"{ROOM}fields-<opaque:revision>.css"): Row("room"),
    ("GET", f"{ROOM}signature"): Row("room"),
    ("GET", f"{ROOM}phone"): Row("room", 303),
    ("POST", f"{ROOM}phone"): Row("room", 303, form={}),
    ("GET", f"{ROOM}phone.svg"): Row("room"),
    ("POST", f"{ROOM}picture"): Row("room", 422, form={}),
    ("GET", f"{ROOM}later"): Row("room"),
    ("POST", f"{ROOM}later"): Row("room", form={}),
    ("POST", f"{ROOM}signature"): Row(
        "room", 303, form={"kind": "typed", "name": "Bea Berg", "hand": "caveat"}
    ),
    ("GET", f"{ROOM}kept"): Row("room"),
    ("GET", f"{ROOM}sign"): Row("room"),
    ("POST", f"{ROOM}sign"): Row("room", 422, form={}),
    ("GET", f"{ROOM}done"): Row("room", 303),
    ("GET", f"{ROOM}refuse"): Row("room"),
    ("GET", f"{ROOM}file/<int:number>"): Row("room"),
    ("GET", f"{ROOM}original/<int:number>"): Row("room", 404),  # it is a PDF, which is signed itself
    ("GET", f"{ROOM}ask"): Row("room"),
    ("POST", f"{ROOM}ask"): Row("room", 303, form={"text": "x"}),
    ("GET", f"{ROOM}sealed/<int:number>"): Row("room", 303),
    (
        "GET",
        f"{ROOM}page/<opaque:document>/<opaque:version>/<int:page>-<int:width>.jpg",
    ): Row("room"),
    ("GET", f"{ROOM}text/<opaque:document>/<opaque:version>/<int:page>.json"): Row("room"),
    ("GET", f"{ROOM}words/<int:number>"): Row("room"),
    ("GET", f"{ROOM}signature.svg"): Row("room", 404),  # nothing to draw
    ("POST", f"{ROOM}refuse"): Row("room", 303, form={"reason": "no"}),
    # --- the console
    ("GET", "console/"): Row("console"),
    ("GET", "console/login"): Row("public"),
    ("POST", "console/login"): Row("public", 422, form={"username": "nobody@board", "password": "x"}),
    ("GET", "console/forgotten"): Row("public"),
    ("POST", "console/forgotten"): Row("public", form={"username": "nobody@board"}),
    ("GET", "console/new-password/<str:token>"): Row("public", 404),  # nobody has asked for one
    ("POST", "console/new-password/<str:token>"): Row("public", 404, form={"new_password1": "x"}),
    ("GET", "console/vouched"): Row("public"),
    ("GET", "console/people"): Row("operator"),
    ("GET", "console/people/new"): Row("operator"),
    ("POST", "console/people/new"): Row("operator", 422, form={"username": ""}),
    ("GET", "console/people/groups"): Row("operator"),
    ("GET", "console/people/groups/new"): Row("operator"),
    ("POST", "console/people/groups/new"): Row("operator", 422, form={"name": ""}),
    ("GET", GROUP): Row("admin object"),
    ("POST", GROUP): Row("admin object", 302, form={"name": "Sales"}),
    ("GET", PERSON): Row("admin object"),
    ("POST", PERSON): Row("admin object", 302, form={"name": "Ivan", "email": "ivan@board.example"}),
    ("POST", f"{PERSON}/rights"): Row("admin object", 302, form={"rights-role": "member"}),
    ("POST", f"{PERSON}/link"): Row("admin object", 302, form={}),
    ("POST", f"{PERSON}/disable"): Row("admin object", 302, form={}),
    ("POST", f"{PERSON}/enable"): Row("admin object", 302, form={}),
    ("POST", f"{GROUP}/delete"): Row("admin object", 302, form={}, once=True),
    ("GET", "console/password"): Row("console"),
    ("POST", "console/password"): Row("console", 422, form={"old_password": "wrong"}),
    ("GET", "console/envelopes"): Row("console"),
    ("GET", "console/envelopes/report.<str:form>"): Row("console"),
    ("GET", ENVELOPE): Row("console object"),
    ("GET", f"{ENVELOPE}/discussion"): Row("console object"),
    ("POST", f"{ENVELOPE}/discussion"): Row("console object", 302, form={"text": "x"}),
    ("POST", f"{ENVELOPE}/discussion/<int:comment_id>"): Row(
        "console object", 404, form={"text": "x"}
    ),  # nobody has written it
    ("GET", f"{ENVELOPE}/people"): Row("console object"),
    ("GET", f"{ENVELOPE}/documents"): Row("console object"),
    ("GET", f"{ENVELOPE}/documents/<int:version_id>.pdf"): Row("console object"),
    ("GET", f"{ENVELOPE}/evidence.pdf"): Row("console object", 404),  # there is none yet
    ("GET", f"{ENVELOPE}/evidence.json"): Row("console object", 404),
    ("GET", f"{ENVELOPE}/messages"): Row("console object"),
    ("GET", f"{ENVELOPE}/webhooks"): Row("console object"),
    ("POST", f"{ENVELOPE}/people/<int:recipient_id>/resend"): Row("console object", 302, form={}),
    ("POST", "console/messages/<int:message_id>/again"): Row("console object", 302, form={}),
    ("POST", "console/messages/<int:message_id>/aside"): Row("console object", 302, form={}),
    ("GET", f"{ENVELOPE}/cancel"): Row("console object"),
    ("POST", f"{ENVELOPE}/remind"): Row("console object", 302, form={}),
    ("POST", f"{ENVELOPE}/cancel"): Row("console object", 302, form={"reason": "no"}),
    ("GET", "console/new"): Row("console"),
    ("POST", "console/new"): Row("console", 422, form={}),
    ("GET", f"{DRAFT}/files"): Row("console object"),
    ("POST", f"{DRAFT}/files"): Row("console object", 302, form={}),
    ("POST", f"{DRAFT}/files/<int:document_id>/up"): Row("console object", 302, form={}),
    ("POST", f"{DRAFT}/files/<int:document_id>/down"): Row("console object", 302, form={}),
    ("POST", f"{DRAFT}/files/<int:document_id>/replace"): Row("console object", 302, form={}),
    ("GET", f"{DRAFT}/files/<int:document_id>/<int:page>-<int:width>.jpg"): Row("console object"),
    ("GET", f"{DRAFT}/people"): Row("console object"),
    ("POST", f"{DRAFT}/people"): Row("console object", form={}),
    ("POST", f"{DRAFT}/people/order"): Row("console object", 302, form={}),
    ("POST", f"{DRAFT}/people/myself"): Row("console object", 302, form={}),
    ("GET", f"{DRAFT}/people/<int:recipient_id>"): Row("console object"),
    ("POST", f"{DRAFT}/people/<int:recipient_id>"): Row("console object", form={}),
    ("POST", f"{DRAFT}/people/<int:recipient_id>/up"): Row("console object", 302, form={}),
    ("POST", f"{DRAFT}/people/<int:recipient_id>/down"): Row("console object", 302, form={}),
    ("GET", f"{DRAFT}/fields"): Row("console object", 302),
    ("GET", f"{DRAFT}/fields/<int:document_id>"): Row("console object"),
    ("POST", f"{DRAFT}/fields/<int:document_id>"): Row("console object", 302, form={}),
    ("GET", f"{DRAFT}/letter"): Row("console object"),
    ("POST", f"{DRAFT}/letter"): Row("console object", form={}),
    ("GET", f"{DRAFT}/metadata"): Row("console object"),
    ("POST", f"{DRAFT}/metadata"): Row("console object", 302, form={"template": ""}),
    ("GET", f"{DRAFT}/check"): Row("console object"),
    ("POST", f"{DRAFT}/check"): Row("console object", 302, form={}, once=True),
    ("GET", f"{DRAFT}/delete"): Row("console object"),
    ("POST", f"{DRAFT}/people/<int:recipient_id>/remove"): Row("console object", 302, form={}, once=True),
    ("POST", f"{DRAFT}/files/<int:document_id>/remove"): Row("console object", 302, form={}, once=True),
    ("POST", f"{DRAFT}/delete"): Row("console object", 302, form={}, once=True),
    ("GET", "console/templates"): Row("console"),
    ("GET", "console/templates/new"): Row("console"),
    ("POST", "console/templates/new"): Row("console", 422, form={}),
    ("GET", f"{TEMPLATE}/files"): Row("console object"),
    ("POST", f"{TEMPLATE}/files"): Row("console object", 302, form={}),
    ("POST", f"{TEMPLATE}/files/<int:document_id>/up"): Row("console object", 302, form={}),
    ("GET", f"{TEMPLATE}/files/<int:document_id>/<int:page>-<int:width>.jpg"): Row("console object"),
    ("GET", f"{TEMPLATE}/roles"): Row("console object"),
    ("POST", f"{TEMPLATE}/roles"): Row("console object", 422, form={}),
    ("GET", f"{TEMPLATE}/places"): Row("console object", 302),
    ("GET", f"{TEMPLATE}/places/<int:document_id>"): Row("console object"),
    ("POST", f"{TEMPLATE}/places/<int:document_id>"): Row("console object", 302, form={}),
    ("GET", f"{TEMPLATE}/check"): Row("console object"),
    ("POST", f"{TEMPLATE}/check"): Row("console object", 302, form={"title": "x"}),
    ("GET", f"{TEMPLATE}/delete"): Row("console object"),
    ("POST", f"{TEMPLATE}/files/<int:document_id>/remove"): Row("console object", 302, form={}, once=True),
    ("POST", f"{TEMPLATE}/delete"): Row("console object", 302, form={}, once=True),
    ("GET", TEMPLATE): Row("console object"),
    ("POST", f"{TEMPLATE}/publish"): Row("console object", 302, form={}),
    ("GET", f"{TEMPLATE}/use"): Row("console object"),
    ("POST", f"{TEMPLATE}/use"): Row("console object", 422, form={}),
    ("GET", f"{TEMPLATE}/sheet"): Row("console object"),
    ("POST", f"{TEMPLATE}/sheet"): Row("console object", 422, form={}),
    ("GET", f"{TEMPLATE}/sheet.xlsx"): Row("console object"),
    ("POST", f"{TEMPLATE}/sheet/make"): Row("console object", 404, form={}),  # no sheet was looked at
    ("GET", "console/batches/<int:batch_id>"): Row("console object"),
    ("GET", f"{INSTANCE}/check"): Row("console object"),
    ("GET", f"{INSTANCE}/<int:document_id>/<int:page>-<int:width>.jpg"): Row("console object"),
    ("POST", f"{INSTANCE}/check"): Row("console object", 302, form={}),  # not what the page showed
    ("POST", f"{INSTANCE}/discard"): Row("console object", 302, form={}, once=True),
    ("POST", f"{TEMPLATE}/withdraw"): Row("console object", 302, form={}, once=True),
    ("GET", "console/metadata"): Row("operator"),
    ("GET", "console/metadata/fields/new"): Row("operator"),
    ("POST", "console/metadata/fields/new"): Row("operator", 422, form={"name": "", "kind": "text"}),
    ("GET", "console/metadata/templates/new"): Row("operator"),
    ("POST", "console/metadata/templates/new"): Row("operator", 422, form={"name": ""}),
    **{
        (method, f"console/metadata/{what}/<str:pub>{act}"): Row("admin object", right, form=form)
        for what in ("fields", "templates")
        for method, act, right, form in (
            ("GET", "", 200, None),
            ("POST", "", 422, {"name": ""}),
            ("POST", "/archive", 302, {}),
            ("POST", "/restore", 302, {}),
        )
    },
    ("GET", "console/attention"): Row("operator"),
    ("POST", "console/attention/<str:group>/again"): Row("operator", 302, form={}),
    ("POST", "console/attention/jobs/<int:job_id>/again"): Row("operator", 404, form={}),  # no job has died
    ("GET", "console/doctor"): Row("operator", 404),  # for who operates the whole server
    ("POST", "console/doctor"): Row("operator", 404, form={}),
    ("GET", "console/retention"): Row("operator"),
    ("POST", "console/retention"): Row("operator", form={}),
    ("GET", "console/retention.csv"): Row("operator"),
    ("POST", "console/collections/<int:collection_id>/restore"): Row("console object", 302, form={}),
    ("GET", "console/outbox"): Row("console"),
    ("GET", "console/outbox/<int:message_id>"): Row("console object"),
    ("GET", "console/outbox/<int:message_id>/html"): Row("console object"),
    ("GET", "console/keys"): Row("console"),
    ("GET", "console/keys/new"): Row("console"),
    ("POST", "console/keys/new"): Row("console", 422, form={"description": ""}),
    ("GET", KEY): Row("console object"),
    ("POST", KEY): Row("console object", 422, form={"description": ""}),
    ("POST", f"{KEY}/enable"): Row("console object", 302, form={}),
    ("POST", f"{KEY}/secret"): Row("console object", form={}),
    ("POST", f"{KEY}/disable"): Row("console object", 302, form={}),
    ("GET", SIGNING_KEYS): Row("console"),
    ("POST", f"{SIGNING_KEYS}/make"): Row("console", 422, form={"label": "a\u202eb"}),
    ("POST", f"{SIGNING_KEYS}/bring"): Row("console", 422, form={}),
    ("GET", f"{SIGNING_KEYS}/<uuid:identity_pub>/look"): Row("own object", 404),  # none is kept
    ("POST", f"{SIGNING_KEYS}/<uuid:identity_pub>/look"): Row("own object", 422, form={}),
    ("POST", f"{SIGNING_KEYS}/<uuid:identity_pub>/remove"): Row("own object", 302, form={}),
    ("GET", "console/account/devices"): Row("console"),
    ("POST", "console/account/devices"): Row("console", form={}),
    ("POST", "console/account/devices/<int:device_id>/remove"): Row("own object", 302, form={}),
    ("GET", "console/account/programs"): Row("console"),
    ("POST", "console/account/programs"): Row("console", 422, form={"url": "ftp://x.example/"}),
    ("POST", "console/account/programs/secret"): Row("console", form={}),
    ("POST", "console/account/programs/token"): Row("console", 302, form={"do": "revoke"}),
    ("GET", "console/sign-in"): Row("operator"),
    ("GET", "console/sign-in/new"): Row("operator"),
    ("POST", "console/sign-in/new"): Row("operator", 422, form={"name": ""}),
    ("GET", PROVIDER): Row("admin object"),
    ("POST", PROVIDER): Row("admin object", 422, form={"name": ""}),
    ("POST", f"{PROVIDER}/disable"): Row("admin object", 302, form={}),
    ("POST", f"{PROVIDER}/enable"): Row("admin object", 302, form={}),
    ("POST", f"{PROVIDER}/test"): Row("admin object", 302, form={}),  # it does not answer
    ("GET", f"{PROVIDER}/tested"): Row("admin object", 302),
    ("POST", "console/logout"): Row("console", 302, form={}),
    # --- anybody
    ("GET", "healthz"): Row("public"),
    ("GET", "identified"): Row("public", 404),  # no sign-in was begun
    ("GET", "demo-provider/.well-known/openid-configuration"): Row("public"),
    ("GET", "demo-provider/keys"): Row("public"),
    ("GET", "demo-provider/authorize"): Row("public", 400),
    ("POST", "demo-provider/authorize"): Row("public", 400, form={}),
    ("POST", "demo-provider/token"): Row("public", 400, form={}),
    ("POST", "language"): Row("public", 302, form={"language": "fi"}),
    ("GET", ""): Row("public"),
    ("GET", "verify"): Row("public"),
    ("POST", "verify"): Row("public", 422, form={}),
    ("GET", "docs/<slug:dialect>"): Row("public"),
    ("GET", "docs/<slug:dialect>/openapi.json"): Row("public"),
    ("GET", "ca/root.pem"): Row("public"),
    ("GET", "crl/<slug:name>.crl"): Row("public"),
    ("GET", "ocsp"): Row("public"),
    ("POST", "ocsp"): Row("public", 415, form=b"x", media_type=BYTES),
    ("GET", "ocsp/<path:encoded>"): Row("public"),
    ("POST", "ocsp/<path:encoded>"): Row("public", 415, form=b"x", media_type=BYTES),
    ("POST", "tsa"): Row("public", 415, form=b"x", media_type=BYTES),
}
"""(method, pattern of the resolver) to row. Within a kind the order is that of the calls: what ends something comes last."""

LOGGED_IN_ELSEWHERE = {("GET", "console/login"), ("POST", "console/login")}
"""Who is logged in already is led on."""


def patterns() -> set[str]:
    """All patterns of the resolver."""
    return set(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for found in resolver.url_patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLPattern):
            yield path
        else:
            yield from _walk(found, path)
