"""How OpenAPI describes the token endpoint."""

from __future__ import annotations

from typing import Any

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}
_GRANT: dict[str, Any] = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["password", "refresh_token"]},
        "username": {"type": "string", "description": "name@domain"},
        "password": {"type": "string"},
        "refresh_token": {"type": "string", "description": "Works once; used again, it ends the session."},
    },
}
_TOKEN: dict[str, Any] = {
    "type": "object",
    "required": ["access_token", "token_type", "refresh_token", "expires_in", "scope"],
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"type": "string", "enum": ["bearer"]},
        "refresh_token": {"type": "string"},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "scope": {"type": "string", "enum": ["all"]},
    },
}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


TOKEN_PATH: dict[str, Any] = {
    "/api/oauth/token": {
        "post": {
            "operationId": "getToken",
            "summary": "Exchange user name and password for a bearer token",
            "tags": ["auth"],
            "security": [{"Client": []}],
            "requestBody": {
                "required": True,
                "content": {
                    kind: {"schema": _GRANT}
                    for kind in ("multipart/form-data", "application/x-www-form-urlencoded")
                },
            },
            "responses": {
                "200": _answer("Tokens for the user", _TOKEN),
                "400": _answer("invalid_request, invalid_grant, unsupported_grant_type", _ERROR),
                "401": _answer("invalid_client", _ERROR),
                "429": _answer("Too many tries", {"type": "object"}),
            },
        }
    }
}
