"""System checks: unsafe settings stop `check --deploy`, each with an id and a hint."""

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Critical, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from registry import audit_identity
from registry.signed_note import InvalidNote

_KEYS = ("credential_key", "factor_key")
_BELIEVES_EVERYBODY = (
    "SECURE_PROXY_SSL_HEADER",
    "USE_X_FORWARDED_HOST",
    "USE_X_FORWARDED_PORT",
    "ALLAUTH_TRUSTED_PROXY_COUNT",
    "ALLAUTH_TRUSTED_CLIENT_IP_HEADER",
)


@register("concordat")
def keys_are_strong(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """R001: every key of ours is present and holds 256 bits or more."""
    return [
        Error(
            f"{name.upper()} is missing or holds fewer than 256 bits.",
            hint="Set it to 32 random bytes in URL-safe base64; NAME_FILE reads it from a file.",
            id="registry.E001",
        )
        for name in _KEYS
        if _bytes_in(getattr(settings.REGISTRY, name)) < 32
    ]


@register("concordat")
def pages_have_a_key_of_their_own(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Iterator[CheckMessage]:
    """R009: SECRET_KEY signs sessions, forms and links that reset passwords, and does nothing else."""
    page_key = _key_of_pages()
    if _bytes_in(page_key) < 32:
        yield Error(
            "SECRET_KEY is missing or holds fewer than 256 bits.",
            hint="Set it to 48 random bytes in URL-safe base64; SECRET_KEY_FILE reads it from a file.",
            id="registry.E009",
        )
    keys = {"SECRET_KEY": page_key}
    keys |= {name.upper(): getattr(settings.REGISTRY, name) for name in (*_KEYS, "audit_key")}
    same = sorted(name for name, key in keys.items() if key and [*keys.values()].count(key) > 1)
    if same:
        yield Error(
            f"{' and '.join(same)} are one key.",
            hint="Make a key for each: who learns one of them then holds no other, and one can end alone.",
            id="registry.E009",
        )


def _key_of_pages() -> str:
    try:
        return settings.SECRET_KEY
    except ImproperlyConfigured:  # Django's way to say that it is empty
        return ""


@register("concordat")
def proxies_are_believed_in_one_place(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Iterator[CheckMessage]:
    """R008: no header about the source, scheme or host of a request is believed from everybody."""
    if any(network.prefixlen < 7 for network in settings.TRUSTED_PROXIES):
        yield Error(
            "TRUSTED_PROXIES holds so many addresses that anybody could be a proxy.",
            hint="Name the addresses of your proxies, or the network that only they are in.",
            id="registry.E008",
        )
    unsafe = [name for name in _BELIEVES_EVERYBODY if getattr(settings, name, None)]
    if unsafe:
        yield Error(
            f"{', '.join(unsafe)} believes a header whoever sent it.",
            hint="Remove it, and name your proxies in TRUSTED_PROXIES.",
            id="registry.E008",
        )


@register("concordat")
def issuer_is_an_https_origin(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """R002: the issuer identifier is an https URL without query and fragment (RFC 8414 §2)."""
    parts = urlsplit(settings.REGISTRY.issuer)
    if parts.scheme == "https" and parts.hostname and not (parts.query or parts.fragment or parts.path):
        return []
    return [
        Error(
            "CONCORDAT_ISSUER is not an https origin.",
            hint="Set it to the address that clients see, such as https://as.example.",
            id="registry.E002",
        )
    ]


@register("concordat")
def clock_is_the_systems_own(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """R003: only a local deployment may shift the clock."""
    if settings.REGISTRY.clock_offset_file and settings.REGISTRY.deployment not in {"local", "test"}:
        return [
            Critical(
                "CONCORDAT_CLOCK_OFFSET_FILE is set outside a local deployment.",
                hint="Remove it: with it, whoever writes that file decides what has expired.",
                id="registry.E003",
            )
        ]
    return []


@register("concordat")
def engines_are_named(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """R004: the broker is configured; tasks that expire trust run through it."""
    if settings.CELERY_BROKER_URL:
        return []
    return [
        Error(
            "REDIS_URL is not set.",
            hint="Set it to the Redis or Valkey that Celery uses, such as rediss://broker.example:6380/0.",
            id="registry.E004",
        )
    ]


@register("concordat")
def deployment_is_known(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """R005: CONCORDAT_DEPLOYMENT is one of the three words."""
    if settings.REGISTRY.deployment in {"production", "local", "test"}:
        return []
    return [
        Error(
            "CONCORDAT_DEPLOYMENT is not production, local or test.",
            hint="Leave it unset in production.",
            id="registry.E005",
        )
    ]


@register("concordat")
def audit_log_has_a_key(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """R007: this process can sign the audit log, or at least verify it."""
    try:
        keys = audit_identity.verifier_keys()
        audit_identity.witness_keys()
    except InvalidNote:
        keys = ()
    if keys and (not settings.REGISTRY.audit_key or audit_identity.seed_of(settings.REGISTRY.audit_key)):
        return []
    return [
        Error(
            "AUDIT_KEY is not 32 bytes, or a key in AUDIT_PUBLIC_KEYS or AUDIT_WITNESS_KEYS is no verifier key.",
            hint="Where the audit log is signed, set AUDIT_KEY as the other keys; elsewhere AUDIT_PUBLIC_KEYS.",
            id="registry.E007",
        )
    ]


@register("concordat")
def every_exception_of_egress_is_named(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> list[CheckMessage]:
    """R010: what the registry may call beside public addresses is known to whoever deploys it."""
    return [
        checks.Warning(
            f"{peer.host}:{peer.port} may be called whatever address it has.",
            hint="Remove it from CONCORDAT_EGRESS_ALLOW unless partners may make the registry call it.",
            id="registry.W010",
        )
        for peer in settings.REGISTRY.egress_allow
    ]


@register(Tags.database)
def application_role_owns_nothing(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """R006: the role that serves requests owns no table, so it cannot drop what guards the audit log."""
    return list(_owned_tables(databases or ()))


def _owned_tables(databases: Sequence[str]) -> Iterator[CheckMessage]:
    if settings.REGISTRY.deployment != "production":
        return
    for alias in databases:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
            (owned,) = cursor.fetchone()
        if owned:
            yield Error(
                f"The application's database role owns {owned} tables.",
                hint="Migrate as the owner (DATABASE_OWNER_URL, manage.py migrate_as_owner) and serve as another role.",
                id="registry.E006",
            )


def _bytes_in(text: str) -> int:
    try:
        return len(urlsafe_b64decode(text))
    except (NotBase64, ValueError):
        return 0
