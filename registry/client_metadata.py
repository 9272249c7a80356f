"""What a client says of itself: the members of RFC 7591 §2, their defaults, and the shape of each.

Shape is all that is judged here (types, lengths, counts); whether a value is acceptable is `registry.policy`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, cast

from registry.errors import (
    Finding,
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidSoftwareStatement,
    RegistrationRefused,
)
from registry.strict_json import Json, safe_name

LOCALIZABLE = frozenset({"client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri"})
PROTECTED = frozenset(
    {
        "client_id",
        "client_id_issued_at",
        "client_secret",
        "client_secret_expires_at",
        "registration_access_token",
        "registration_client_uri",
        "registration_state",
        "environment",
        "epoch",
        "org_id",
        "organization",
        "organization_id",
        "policy_version",
        "route",
        "skip_authorization",
        "state",
        "user",
        "user_id",
        "valid_until",
    }
)
PROTECTED_PREFIX = "registration_"

# Longest accepted text in characters. URIs are measured by policy, which knows the limit of each preset.
MAX_CHARACTERS: Mapping[str, int] = {
    "token_endpoint_auth_method": 64,
    "token_endpoint_auth_signing_alg": 32,
    "application_type": 32,
    "client_name": 200,
    "scope": 4096,
    "software_id": 255,
    "software_version": 255,
}
MAX_ITEMS: Mapping[str, int] = {"grant_types": 20, "response_types": 20, "contacts": 10}
MAX_ITEM_CHARACTERS = 255
MAX_LOCALIZED = 30
MAX_REMEMBERED = 100

DEFAULT_AUTH_METHOD = "client_secret_basic"
DEFAULT_GRANT_TYPES = ("authorization_code",)
DEFAULT_APPLICATION_TYPE = "web"

_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,7}")
_SECTION_2 = "RFC 7591 §2"


def default_response_types(grant_types: tuple[str, ...]) -> tuple[str, ...]:
    """`code` (RFC 7591 §2), or nothing for a client without the grant that goes with it (§2.1).

    §3.1 lets the server provision defaults; the bare one would contradict each machine-to-machine client.
    """
    return ("code",) if "authorization_code" in grant_types else ()


@dataclass(frozen=True, slots=True)
class Change:
    """One member that differs; None where it is absent."""

    member: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class ClientMetadata:
    """Effective client metadata: every member has its value, sent or default.

    redirect_uris, grant_types, response_types, contacts   in the order they were sent
    jwks        read-only `{"keys": ({...}, ...)}`, by value only
    fetched_jwks  the same as `jwks`, from `jwks_uri`; None until somebody fetched it. Never part of the document
    localized   `(("client_name#de", "..."), ...)`, sorted by name
    given       members that were sent with a value
    ignored     members that were sent and dropped, made printable, sorted, at most 100
    protected   those of `ignored` that only the server may set

    The last five never enter a comparison: two requests that mean the same are equal.
    Source: RFC 7591 §2, §2.2; OpenID Connect Registration §2 for application_type and the signing algorithm.
    """

    redirect_uris: tuple[str, ...] = ()
    token_endpoint_auth_method: str = DEFAULT_AUTH_METHOD
    token_endpoint_auth_signing_alg: str | None = None
    grant_types: tuple[str, ...] = DEFAULT_GRANT_TYPES
    response_types: tuple[str, ...] = ("code",)
    application_type: str = DEFAULT_APPLICATION_TYPE
    client_name: str | None = None
    client_uri: str | None = None
    logo_uri: str | None = None
    scope: str | None = None
    contacts: tuple[str, ...] = ()
    tos_uri: str | None = None
    policy_uri: str | None = None
    jwks_uri: str | None = None
    jwks: Mapping[str, object] | None = field(default=None, hash=False)
    software_id: str | None = None
    software_version: str | None = None
    localized: tuple[tuple[str, str], ...] = ()
    given: frozenset[str] = field(default=frozenset(), compare=False)
    ignored: tuple[str, ...] = field(default=(), compare=False)
    protected: tuple[str, ...] = field(default=(), compare=False)
    claimed_client_id: str | None = field(default=None, compare=False)
    fetched_jwks: Mapping[str, object] | None = field(default=None, compare=False)

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(self.scope.split(" ")) if self.scope else ()

    @property
    def keys(self) -> tuple[Mapping[str, object], ...]:
        """The keys by value or, where they were fetched, by reference; empty without any."""
        held = self.fetched_jwks if self.jwks is None else self.jwks
        keys = held["keys"] if held else ()
        return keys if isinstance(keys, tuple) else ()

    @property
    def key_documents(self) -> list[dict[str, Any]]:
        """The same keys, fit for the database."""
        return cast(list[dict[str, Any]], _thaw(self.keys))

    @property
    def key_source(self) -> str:
        """The member by which the keys came, for what is said of them."""
        return "jwks" if self.jwks is not None or self.jwks_uri is None else "jwks_uri"

    @property
    def awaits_keys(self) -> bool:
        """Whether there are keys that nobody fetched yet."""
        return self.jwks is None and self.jwks_uri is not None and self.fetched_jwks is None

    def as_document(self) -> dict[str, Json]:
        """The effective metadata in the words of the standard, fit for an answer and for the database."""
        members: dict[str, Json] = {name: _thaw(getattr(self, name)) for name in MEMBERS}
        members |= dict(self.localized)
        absent = [name for name in _ABSENT_WHEN_EMPTY if not members[name]]
        return {name: value for name, value in members.items() if value is not None and name not in absent}

    def diff(self, other: "ClientMetadata") -> tuple[Change, ...]:
        """What becomes different when `other` replaces this, sorted by member."""
        before, after = self.as_document(), other.as_document()
        names = sorted(before.keys() | after.keys())
        changes = (Change(name, before.get(name), after.get(name)) for name in names)
        return tuple(change for change in changes if change.before != change.after)

    def with_member(self, name: str, value: Json) -> "ClientMetadata":
        """The same metadata with one member, localized or not, set to another value."""
        if name not in MEMBERS:
            return replace(self, localized=tuple(sorted((dict(self.localized) | {name: str(value)}).items())))
        changed: dict[str, Any] = {name: _freeze(value)}
        return replace(self, **changed)


def parse(document: Mapping[str, Json]) -> ClientMetadata:
    """Return the effective metadata that `document` asks for.

    A null member counts as omitted (RFC 7592 §2.2); an unknown one is ignored and remembered (RFC 7591 §2).
    Raises InvalidSoftwareStatement, InvalidRedirectUri or InvalidClientMetadata, with all findings.
    Does not judge meaning: a URI is any string here.
    """
    given = {name: value for name, value in document.items() if value is not None}
    findings = tuple(_findings(given))
    if findings:
        raise _refusal(findings)
    return _effective(given)


def _effective(given: Mapping[str, Json]) -> ClientMetadata:
    known: dict[str, Any] = {name: _freeze(value) for name, value in given.items() if name in MEMBERS}
    ignored = sorted(name for name in given if not _is_understood(name))
    keys_only = [f"jwks.{name}" for name in sorted(_object(given.get("jwks"))) if name != "keys"]
    if "jwks" in known:
        known["jwks"] = _freeze({"keys": _object(given["jwks"])["keys"]})
    claimed = given.get("client_id")
    metadata = ClientMetadata(
        **known,
        localized=tuple(sorted((name, str(given[name])) for name in given if _is_localized(name))),
        given=frozenset(name for name in given if _is_understood(name)),
        ignored=tuple(_printable(name) for name in (ignored + keys_only)[:MAX_REMEMBERED]),
        protected=tuple(name for name in ignored if _is_protected(name))[:MAX_REMEMBERED],
        claimed_client_id=claimed if isinstance(claimed, str) else None,
    )
    if "response_types" in known:
        return metadata
    return replace(metadata, response_types=default_response_types(metadata.grant_types))


def _is_localized(name: str) -> bool:
    member, mark, tag = name.partition("#")
    return bool(mark) and member in LOCALIZABLE and bool(_LANGUAGE_TAG.fullmatch(tag))


def _is_understood(name: str) -> bool:
    return name in MEMBERS or _is_localized(name)


def _is_protected(name: str) -> bool:
    return name in PROTECTED or name.startswith(PROTECTED_PREFIX)


def _printable(name: str) -> str:
    return ".".join(safe_name(part) for part in name.split("."))[:128]


def _object(value: object) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _freeze(value: object) -> object:
    if isinstance(value, Mapping):
        return MappingProxyType({name: _freeze(item) for name, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(_freeze(item) for item in value)
    return value


def _thaw(value: object) -> Json:
    if isinstance(value, Mapping):
        return {name: _thaw(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_thaw(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(type(value))


# Shape: one function per kind of member


def _findings(given: Mapping[str, Json]) -> Iterator[Finding]:
    for name, shape in _SHAPES.items():
        if name in given:
            yield from shape(name, given[name])
    localized = sorted(name for name in given if _is_localized(name))
    for name in localized:
        yield from _text(name, given[name])
    yield from _languages(localized)
    if "software_statement" in given:
        yield _software_statement()


def _text(name: str, value: Json) -> Iterator[Finding]:
    limit = MAX_CHARACTERS.get(name.partition("#")[0])
    if not isinstance(value, str):
        yield Finding(name, "is not a string", "Send one JSON string.", "shape.type", _SECTION_2)
    elif not value:
        yield Finding(name, "is empty", "Give it a value or leave it out.", "shape.empty", _SECTION_2)
    elif limit is not None and len(value) > limit:
        fix = f"Send at most {limit} characters."
        yield Finding(name, f"is longer than {limit} characters", fix, "shape.length", "CWE-770")


def _texts(name: str, value: Json) -> Iterator[Finding]:
    if not isinstance(value, list):
        yield Finding(name, "is not an array", "Send a JSON array of strings.", "shape.type", _SECTION_2)
        return
    strangers = [index for index, item in enumerate(value) if not isinstance(item, str)]
    if strangers:
        where = f"{name}[{strangers[0]}]"
        yield Finding(where, "is not a string", "Send a JSON array of strings.", "shape.type", _SECTION_2)


def _few_texts(name: str, value: Json) -> Iterator[Finding]:
    """An array of at most MAX_ITEMS different strings. Redirection URIs are counted by policy instead."""
    yield from _texts(name, value)
    texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    limit = MAX_ITEMS[name]
    if len(texts) > limit:
        fix = f"Send at most {limit}."
        yield Finding(name, f"has more than {limit} values", fix, "shape.count", "CWE-770")
    if len(set(texts)) < len(texts):
        yield Finding(name, "has the same value twice", "Send each value once.", "shape.repeated", _SECTION_2)
    if any(not item or len(item) > MAX_ITEM_CHARACTERS for item in texts):
        found = f"has a value that is empty or longer than {MAX_ITEM_CHARACTERS} characters"
        yield Finding(name, found, "Send values of a sensible length.", "shape.length", "CWE-770")


def _key_set(name: str, value: Json) -> Iterator[Finding]:
    keys = _object(value).get("keys")
    if not isinstance(value, dict):
        yield Finding(name, "is not an object", "Send a JWK Set by value.", "shape.type", "RFC 7517 §5")
    elif not isinstance(keys, list):
        yield Finding(
            f"{name}.keys", "is not an array", "Send an array of JWKs.", "shape.type", "RFC 7517 §5.1"
        )
    else:
        strangers = [index for index, key in enumerate(keys) if not isinstance(key, dict)]
        for index in strangers[:1]:
            fix = "Send each key as a JSON object."
            yield Finding(f"{name}.keys[{index}]", "is not an object", fix, "shape.type", "RFC 7517 §4")


def _languages(localized: list[str]) -> Iterator[Finding]:
    """Language tags are compared without regard to case (RFC 7591 §2.2)."""
    if len(localized) > MAX_LOCALIZED:
        fix = f"Send at most {MAX_LOCALIZED} localized members."
        yield Finding("", f"has more than {MAX_LOCALIZED} localized members", fix, "shape.count", "CWE-770")
    seen: set[str] = set()
    for name in localized:
        if name.casefold() in seen:
            fix = "Send one value for each language."
            yield Finding(
                name, "repeats a language tag in other case", fix, "shape.language", "RFC 7591 §2.2"
            )
        seen.add(name.casefold())


def _software_statement() -> Finding:
    found = "cannot be accepted: no issuer of software statements is registered"
    fix = "Leave software_statement out, or ask the operator to register its issuer."
    return Finding("software_statement", found, fix, "shape.statement", "RFC 7591 §2.3, §3.2.2")


def _refusal(findings: tuple[Finding, ...]) -> RegistrationRefused:
    members = {finding.member.partition("[")[0] for finding in findings}
    if "software_statement" in members:
        return InvalidSoftwareStatement(findings=findings)
    if "redirect_uris" in members:
        return InvalidRedirectUri(findings=findings)
    return InvalidClientMetadata(findings=findings)


_SHAPES: Mapping[str, Callable[[str, Json], Iterator[Finding]]] = {
    "redirect_uris": _texts,
    "token_endpoint_auth_method": _text,
    "token_endpoint_auth_signing_alg": _text,
    "grant_types": _few_texts,
    "response_types": _few_texts,
    "application_type": _text,
    "client_name": _text,
    "client_uri": _text,
    "logo_uri": _text,
    "scope": _text,
    "contacts": _few_texts,
    "tos_uri": _text,
    "policy_uri": _text,
    "jwks_uri": _text,
    "jwks": _key_set,
    "software_id": _text,
    "software_version": _text,
}
MEMBERS = tuple(_SHAPES)
_ABSENT_WHEN_EMPTY = ("redirect_uris", "contacts")
