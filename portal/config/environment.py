"""Typed reading of the environment: the only door through which configuration enters."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def env_text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_bool(name: str, *, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def env_int(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    try:
        return int(text)
    except ValueError as cause:
        raise ImproperlyConfigured(f"{name} is not a whole number.") from cause


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in env_text(name, default).split(",") if item.strip()]


def env_networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks such as `10.0.0.0/8, 2001:db8::7`. What is neither stops the start: nobody is trusted."""
    try:
        return [ip_network(text) for text in env_list(name)]
    except ValueError as cause:
        raise ImproperlyConfigured(f"{name} holds something that is no address and no network.") from cause


@dataclass(frozen=True, slots=True)
class EgressPeer:
    """One host and port that the registry may call whatever address it has; `ca_file` "" for the system's own."""

    host: str
    port: int
    ca_file: str


def env_peers(name: str) -> tuple[EgressPeer, ...]:
    """Peers such as `localhost:9443=/etc/ca.pem, idp.internal:443`. What cannot be read stops the start."""
    return tuple(_peer(name, text) for text in env_list(name))


def _peer(name: str, text: str) -> EgressPeer:
    authority, _, ca_file = text.partition("=")
    host, _, port = authority.strip().rpartition(":")
    if not host or not port.isdecimal() or (ca_file and not Path(ca_file.strip()).is_file()):
        raise ImproperlyConfigured(f"{name} holds something that is no host:port or host:port=CA file.")
    return EgressPeer(host.strip("[]").lower(), int(port), ca_file.strip())


def env_resolvers(name: str) -> tuple[tuple[str, int], ...]:
    """Addresses of DNS resolvers such as `192.0.2.1, 2001:db8::1`, each at port 53."""
    try:
        return tuple((str(ip_address(text)), 53) for text in env_list(name))
    except ValueError as cause:
        raise ImproperlyConfigured(f"{name} holds something that is no address.") from cause


def env_ports(name: str, default: str) -> frozenset[int]:
    try:
        return frozenset(int(text) for text in env_list(name, default))
    except ValueError as cause:
        raise ImproperlyConfigured(f"{name} holds something that is no port.") from cause


def env_proxy(name: str) -> str:
    """The address of a proxy for outgoing connections, or ""; only http:// ones, which carry TLS through unseen."""
    url = env_text(name)
    if url and (urlsplit(url).scheme != "http" or not urlsplit(url).hostname):
        raise ImproperlyConfigured(f"{name} is no http:// URL.")
    return url


def env_secret(name: str) -> str:
    """A secret from NAME, or from the file that NAME_FILE names; "" when neither is set (checks refuse it)."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        return Path(file).read_text(encoding="utf-8").strip()
    return os.environ.get(name, "")


def _prepare_after(query: Mapping[str, str]) -> int | None:
    """Uses after which a statement is prepared: `prepare_threshold` of the URL, `none` for never."""
    asked = query.get("prepare_threshold", "5")
    return None if asked == "none" else int(asked)


def database(url: str, *, pool: bool, pool_size: int) -> dict[str, object]:
    """Django's database entry for a postgresql:// URL (libpq's form, socket folder in `?host=`)."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured("DATABASE_URL has to be a postgresql:// URL; there is no other database.")
    query = dict(parse_qsl(parts.query))
    options: dict[str, object] = {key: value for key, value in query.items() if key not in {"host", "port"}}
    options["server_side_binding"] = True
    # The statements of the hot path are few and the same each time: planning them anew costs as much as running them.
    options["prepare_threshold"] = _prepare_after(query)
    options.setdefault("connect_timeout", 5)
    if pool:
        # Without the database a request waits 2 s and not longer. The pool gives up as soon, and begins anew with the
        # next request: it would wait for twice as long after each failure, a minute after an outage of a minute.
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 2, "reconnect_timeout": 2}
    return {
        "ENGINE": "portal.config.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", parts.hostname or ""),
        "PORT": query.get("port", str(parts.port or "")),
        "CONN_MAX_AGE": 0,
        "OPTIONS": options,
    }


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """The product's own settings; units are in the names."""

    issuer: str
    deployment: str
    credential_key: str
    factor_key: str
    clock_offset_file: str
    operator_slug: str
    reserved_names: tuple[str, ...] = ()
    organization_needs_four_eyes: bool = True
    scopes: frozenset[str] = frozenset()
    access_token_seconds: int = 300
    access_token_seconds_limit: int = 3600
    authorization_code_seconds: int = 60
    refresh_absolute_seconds: int = 30 * 86400
    refresh_idle_seconds: int = 7 * 86400
    initial_access_token_seconds_limit: int = 7 * 86400
    idempotency_seconds: int = 86400
    api_requests_per_minute: int = 600
    api_requests_per_minute_of_organization: int = 3000
    registrations_per_minute_of_token: int = 120
    registrations_per_minute_of_organization: int = 600
    registrations_per_minute: int = 6000
    invitation_seconds: int = 7 * 86400
    step_up_seconds: int = 300
    registration_body_bytes: int = 65536
    registration_body_depth: int = 8
    audit_key: str = ""
    audit_public_keys: tuple[str, ...] = ()
    audit_origin: str = ""
    audit_witness_file: str = ""
    audit_witness_keys: tuple[str, ...] = ()
    egress_ports: frozenset[int] = frozenset({443, 8443})
    egress_allow: tuple[EgressPeer, ...] = ()
    egress_proxy: str = ""
    dns_resolvers: tuple[tuple[str, int], ...] = ()
    name_server_port: int = 53
    domain_challenge_days: int = 14
    domain_check_hours: int = 24
    domain_grace_days: int = 14
    domain_checks_per_minute_of_organization: int = 10
    key_set_minutes: int = 15
    key_set_stale_hours: int = 24
