"""What a value of a setting may be, beyond its type. Messages never repeat the value: it may be a secret."""

import ipaddress
import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_QUERY = re.compile(r"[A-Z][A-Za-z]+(\?[^\s#]+)?")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
TOKEN = re.compile(r"[^|\s]+\|[^|]+")


def wrong(what: str, rule: str, hint: str) -> PydanticCustomError:
    """A finding that carries its rule and what to do about it."""
    return PydanticCustomError("setting", "{what}", {"what": what, "rule": rule, "hint": hint})


def uri(text: str) -> str:
    """An absolute URI without a slash at the end, as identifier systems are."""
    if not _URI.fullmatch(text):
        raise wrong("not an absolute URI", "an identifier system", 'write it like "https://hospital.example/mrn"')
    return text


def namespace(text: str) -> str:
    """A URI that other URIs are made of by appending to it."""
    if uri(text).endswith("/"):
        raise wrong("ends with a slash", "identifiers are {namespace}/{kind}", "leave the last slash out")
    return text


def server_url(text: str) -> str:
    """A FHIR base URL, without the slash people like to add."""
    rule = "a FHIR base URL"
    try:
        url = urlsplit(text)
        port_is_fine = url.port is None or url.port > 0
    except ValueError:
        port_is_fine = False
    if not port_is_fine or url.scheme not in {"http", "https"} or not url.hostname or re.search(r"\s", text):
        raise wrong("not an http(s) URL", rule, 'write it like "https://fhir.example/r4"')
    if "@" in url.netloc:
        raise wrong(
            "holds a user name or password",
            "no secrets in URLs",
            'use auth = { kind = "basic", username = "...", password_env = "..." }',
        )
    if url.query or url.fragment or "?" in text or "#" in text:
        raise wrong("has a query or fragment", rule, "leave out everything from ? or # on")
    return text.rstrip("/")


def encrypted(url: str) -> bool:
    """Say whether nobody on the way can read along: https, or a server on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def query(text: str) -> str:
    """A search relative to the server's base."""
    if not _QUERY.fullmatch(text):
        raise wrong("not a search", "relative to the server's URL", 'write it like "Task?status=requested"')
    return text


def party(text: str) -> str:
    """Who somebody is on a server: a reference there, or an identifier."""
    if not (_REFERENCE.fullmatch(text) or TOKEN.fullmatch(text)):
        raise wrong(
            "neither a reference nor an identifier",
            "who we are on the server",
            'write "Organization/12" or "https://system.example|value"',
        )
    return text


def token(text: str) -> str:
    """An identifier, as `system|value`."""
    if not TOKEN.fullmatch(text):
        raise wrong("not an identifier", "system|value", 'write "https://system.example|value"')
    return text


def days(text: object) -> object:
    """A time in days, as `400d`."""
    if not isinstance(text, str) or not re.fullmatch(r"[1-9][0-9]{0,5}d", text):
        raise wrong("not a number of days", "how long to keep what is not needed", 'write it like "400d"')
    return timedelta(days=int(text[:-1]))


Days = Annotated[timedelta, BeforeValidator(days)]
Uri = Annotated[str, AfterValidator(uri)]
Namespace = Annotated[str, AfterValidator(namespace)]
ServerUrl = Annotated[str, AfterValidator(server_url)]
Query = Annotated[str, AfterValidator(query)]
Party = Annotated[str, AfterValidator(party)]
Token = Annotated[str, AfterValidator(token)]
Percent = Annotated[float, Field(ge=0, le=100)]
EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
ServerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]
