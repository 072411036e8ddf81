"""`undersigned sandbox`: a signer for integrators' own tests. Speaks HTTP to the room's pages as a browser without JavaScript would."""

from __future__ import annotations

import http.cookiejar
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser

import click

SANDBOX_HEADER = "X-Undersigned-Sandbox"
MAX_STEPS = 12
PATIENCE = 60.0
"""Seconds to wait for documents that are being prepared, as a person would who was quick with the link."""


@click.group()
def command() -> None:
    """Tools for integrators' own tests, on sandbox organisations."""


@command.command()
@click.argument("url")
@click.option("--code", default="", help="The signer's code, where one is asked.")
@click.option("--decline", metavar="REASON", default=None, help="Refuse with this reason instead of signing.")
@click.option("--name", default="", help="Name to type as signature; the recipient's by default.")
def sign(url: str, code: str, decline: str | None, name: str) -> None:
    """Open a signing link and sign, or refuse, through the pages that a person sees.

    URL is the link of an invitation. Works on sandbox organisations only. Exit code 0 when signed (or refused), 1 otherwise.
    """
    try:
        click.echo(_Signer(code, decline, name).run(url))
    except SignerError as e:
        raise click.ClickException(str(e)) from e


class SignerError(Exception):
    """The pages did not lead to the end; the message says where they stopped."""


@dataclass
class _Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)


class _Page(HTMLParser):
    """Forms, the heading and error texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self.heading = ""
        self._open: _Form | None = None
        self.preparing = False
        self._in_heading = self._heading_done = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        self.preparing |= a.get("data-state", "").startswith("preparing")
        match tag:
            case "form":
                self._open = _Form(a.get("action", ""), a.get("method", "get").lower())
                self.forms.append(self._open)
            case "h1":
                self._in_heading = True
            case "input" if self._open is not None and a.get("name"):
                self._add_input(self._open, a)
            case "textarea" if self._open is not None and a.get("name"):
                self._open.fields.setdefault(a["name"], "")

    def _add_input(self, form: _Form, a: dict[str, str]) -> None:
        name, kind = a["name"], a.get("type", "text")
        if kind in ("radio", "checkbox"):
            form.options.setdefault(name, []).append(a.get("value", "on"))
            if "checked" in a:
                form.fields[name] = a.get("value", "on")
        elif kind != "file":
            form.fields[name] = a.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "h1":
            self._in_heading, self._heading_done = False, True

    def handle_data(self, data: str) -> None:
        if self._in_heading and not self._heading_done:
            self.heading += data


class _Signer:
    def __init__(self, code: str, decline: str | None, name: str) -> None:
        self.code, self.decline, self.name = code, decline, name
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(cookies)
        self.browser.addheaders = [("User-Agent", "undersigned-sandbox-signer")]

    def run(self, url: str) -> str:
        """Walk the pages; returns the last heading."""
        address, page = self._get(url)
        for _ in range(MAX_STEPS):
            path = urllib.parse.urlsplit(address).path
            match path.rstrip("/").rsplit("/", 1)[-1]:
                case "done":
                    return page.heading.strip()
                case "code":
                    if not self.code:
                        raise SignerError("a code is asked; give it with --code")
                    address, page = self._submit(address, page, "code", code=self.code)
                    if urllib.parse.urlsplit(address).path == path:
                        raise SignerError("the code was not accepted")
                case "read":
                    target = "refuse" if self.decline is not None else "signature"
                    address, page = self._get(urllib.parse.urljoin(address, target))
                case "signature":
                    typed = {"kind": "typed"} | ({"name": self.name} if self.name else {})
                    address, page = self._submit(address, page, "kind", **typed)
                case "sign":
                    address, page = self._submit(address, page, "request_key", agree="on")
                case "refuse":
                    self._submit(address, page, "reason", reason=self.decline or "")
                    return "You have refused"
                case _ if "/room/l/" in path:
                    address, page = self._submit(address, page, None)
                case _:
                    raise SignerError(page.heading.strip() or "the page has no heading")
        raise SignerError(f"still at “{page.heading.strip()}” after {MAX_STEPS} steps")

    def _submit(self, address: str, page: _Page, having: str | None, **values: str) -> tuple[str, _Page]:
        """Fill in and send the form that has the field `having` (the first that posts to its own page, if None)."""
        forms = [
            f
            for f in page.forms
            if f.method == "post"
            and (not f.action if having is None else having in f.fields or having in f.options)
        ]
        if not forms:
            raise SignerError(page.heading.strip() or "there is nothing to send")
        form = forms[0]
        fields = form.fields | values
        data = urllib.parse.urlencode(fields).encode()
        return self._request(
            urllib.request.Request(urllib.parse.urljoin(address, form.action or address), data)
        )

    def _get(self, url: str) -> tuple[str, _Page]:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise SignerError("the link must be an http(s) address")
        return self._request(urllib.request.Request(url))

    def _request(self, request: urllib.request.Request) -> tuple[str, _Page]:
        address, page = self._open(request)
        end = time.monotonic() + PATIENCE
        while page.preparing and time.monotonic() < end:
            time.sleep(0.5)
            address, page = self._open(urllib.request.Request(address))
        return address, page

    def _open(self, request: urllib.request.Request) -> tuple[str, _Page]:
        if request.data is not None:
            request.add_header(
                "Origin", "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(request.full_url))
            )
            request.add_header("Referer", request.full_url)
        try:
            answer = self.browser.open(request, timeout=60)
        except urllib.error.HTTPError as e:
            answer = e
        except urllib.error.URLError as e:
            raise SignerError(f"no answer: {e.reason}") from e
        with answer:
            if answer.headers.get(SANDBOX_HEADER) != "yes" and answer.status < 400:
                raise SignerError("this is not a sandbox organisation; only a person may sign here")
            return answer.url or request.full_url, _Page(answer.read().decode("utf-8", "replace"))
