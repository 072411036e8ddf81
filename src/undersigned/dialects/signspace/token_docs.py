"""How OpenAPI describes the token endpoint."""

from __future__ import annotations

from typing import Any

_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_GRANT: dict[str, Any] = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "scope": {"type": "string", "description": "Separated by blanks; unknown ones are accepted."},
    },
}
_TOKEN: dict[str, Any] = {
    "type": "object",
    "required": ["access_token", "expires_in", "token_type"],
    "properties": {
        "access_token": {"type": "string"},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "token_type": {"type": "string", "enum": ["Bearer"]},
    },
}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


TOKEN_PATH: dict[str, Any] = {
    "/auth/token": {
        "post": {
            "operationId": "token",
            "summary": "An access token for one hour, by client id and secret",
            "tags": ["token"],
            "security": [{"Client": []}],
            "requestBody": {
                "required": True,
                "content": {"application/x-www-form-urlencoded": {"schema": _GRANT}},
            },
            "responses": {
                "200": _answer("The token", _TOKEN),
                "400": _answer("invalid_request, unsupported_grant_type, invalid_scope", _ERROR),
                "401": _answer("invalid_client", _ERROR),
                "429": _answer("Too many calls or failures", _ERROR),
            },
        }
    }
}
