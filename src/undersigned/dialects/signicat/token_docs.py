"""How OpenAPI describes the token endpoints."""

from __future__ import annotations

from typing import Any

from .auth import SIGN_SCOPES, TOKEN_PATHS

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}
_GRANT: dict[str, Any] = {
    "type": "object",
    "required": ["grant_type", "scope"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "scope": {
            "type": "string",
            "description": f"Separated by blanks; one of {' and '.join(SIGN_SCOPES)} is needed for calls.",
        },
        "client_id": {"type": "string", "description": "Unless it comes by Basic."},
        "client_secret": {"type": "string", "description": "Unless it comes by Basic."},
    },
}
_TOKEN: dict[str, Any] = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": {"type": "string", "description": "In the shape of a JWT."},
        "token_type": {"type": "string", "enum": ["Bearer"]},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "scope": {"type": "string"},
    },
}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _path(operation: str) -> dict[str, Any]:
    return {
        "post": {
            "operationId": operation,
            "summary": "An access token for one hour, by client id and secret",
            "tags": ["token"],
            "security": [{"Client": []}, {}],
            "requestBody": {
                "required": True,
                "content": {"application/x-www-form-urlencoded": {"schema": _GRANT}},
            },
            "responses": {
                "200": _answer("The token", _TOKEN),
                "400": _answer("invalid_request, unsupported_grant_type, invalid_scope", _ERROR),
                "401": _answer("invalid_client", _ERROR),
                "429": _answer("Too many calls or failures", {"type": "object"}),
            },
        }
    }


TOKEN_ENDPOINTS: dict[str, Any] = {
    f"/{path}": _path(name)
    for path, name in zip(TOKEN_PATHS, ("getToken", "getTokenLegacy", "getTokenEnterprise"), strict=True)
}
