"""The demo's organizations and software, as data. Hosts end in .example, persons are called Sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry.states import Environment

SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION
OPEN_BANKING = ("accounts:read", "transactions:read", "payments:write", "profile:read")
HEALTH = ("health-records:read", "profile:read")
# The operator's table, and what its resource servers serve.
SCOPES = tuple(dict.fromkeys((*OPEN_BANKING, *HEALTH)))
GRANTS = ("authorization_code", "client_credentials", "refresh_token")
GENEROUS = 100_000


@dataclass(frozen=True, slots=True)
class Partner:
    """One organization and how far its story goes.

    apps        software that registers, as (environment, kind) in order; kinds are those of `body_of`
    refusals    registrations that policy refuses, by the kind of mistake
    ending      pending | draft | contained | restored | production_contained | "" (works)
    """

    slug: str
    legal_name: str
    display_name: str
    country: str
    number: str
    scopes: Sequence[str] = OPEN_BANKING
    apps: Sequence[tuple[Environment, str]] = ()
    refusals: Sequence[str] = ()
    ending: str = ""
    production_review: str = "one_person"
    generous: bool = False

    @property
    def domain(self) -> str:
        return self.slug.removesuffix("-example") + ".example"


_USUAL = (
    (SANDBOX, "web"),
    (SANDBOX, "machine"),
    (SANDBOX, "keys"),
    (PRODUCTION, "web"),
    (PRODUCTION, "machine"),
)
_SMALL = ((SANDBOX, "web"), (SANDBOX, "machine"), (PRODUCTION, "keys"))

PARTNERS = (
    Partner(
        "partner-example",
        "Partner Example AS",
        "Partner Example",
        "NO",
        "NO 911 000 001",
        apps=(*_USUAL, (SANDBOX, "native"), (SANDBOX, "post"), (PRODUCTION, "keys")),
        refusals=("fragment", "foreign_host"),
        generous=True,
    ),
    Partner(
        "other-example",
        "Other Example GmbH",
        "Other Example",
        "DE",
        "HRB 220002",
        apps=_USUAL,
        generous=True,
    ),
    Partner(
        "acme-payments",
        "Acme Payments AS",
        "Acme Payments",
        "NO",
        "NO 911 000 003",
        apps=(*_USUAL, (SANDBOX, "native"), (PRODUCTION, "keys"), (PRODUCTION, "native")),
        refusals=("http", "wildcard", "scope"),
    ),
    Partner(
        "fjord-bank",
        "Fjord Bank ASA",
        "Fjord Bank",
        "NO",
        "NO 911 000 004",
        apps=(*_USUAL, (SANDBOX, "post"), (PRODUCTION, "web")),
    ),
    Partner(
        "nordic-health",
        "Nordic Health Network",
        "Nordic Health",
        "SE",
        "SE 556 000 0005",
        scopes=HEALTH,
        apps=(*_USUAL, (PRODUCTION, "keys")),
    ),
    Partner(
        "lumen-insure",
        "Lumen Insure Oy",
        "Lumen Insure",
        "FI",
        "FI 0006-7",
        apps=_USUAL,
        refusals=("secret",),
    ),
    Partner(
        "tide-credit", "Tide Credit Ltd", "Tide Credit", "IE", "IE 600007", apps=_SMALL[:2], ending="pending"
    ),
    Partner("birch-ledger", "Birch Ledger ApS", "Birch Ledger", "DK", "DK 30 00 08", ending="draft"),
    Partner("harbor-pay", "Harbor Pay BV", "Harbor Pay", "NL", "NL 70 0009", apps=_USUAL, ending="contained"),
    Partner(
        "quill-invoices",
        "Quill Invoices SAS",
        "Quill Invoices",
        "FR",
        "FR 800 010",
        apps=_USUAL,
        ending="restored",
    ),
    Partner(
        "sable-data",
        "Sable Data SpA",
        "Sable Data",
        "IT",
        "IT 900011",
        apps=_SMALL,
        ending="production_contained",
    ),
    Partner(
        "willow-tax",
        "Willow Tax Sp. z o.o.",
        "Willow Tax",
        "PL",
        "PL 1000012",
        apps=(*_USUAL, (PRODUCTION, "native")),
        production_review="four_eyes",
    ),
)

_NAMES = (
    "Ledger",
    "Balance",
    "Insight",
    "Statement",
    "Harvest",
    "Compass",
    "Beacon",
    "Anchor",
    "Tally",
    "Relay",
)


@dataclass(frozen=True, slots=True)
class Application:
    """One piece of software that asks to be registered."""

    partner: Partner
    environment: Environment
    kind: str
    number: int
    jwk: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return f"{self.partner.display_name} {_NAMES[self.number % len(_NAMES)]}"

    @property
    def body(self) -> dict[str, Any]:
        """The registration request of this software."""
        return self._common | _KINDS[self.kind](self)

    @property
    def _common(self) -> dict[str, Any]:
        return {
            "client_name": self.name,
            "client_uri": f"https://www.{self.partner.domain}/",
            "contacts": [f"security@{self.partner.domain}"],
            "software_id": f"{self.partner.slug}-{self.kind}-{self.number}",
            "software_version": f"1.{self.number}",
            "scope": self.partner.scopes[0],
        }


def _web(app: Application) -> dict[str, Any]:
    return {
        "redirect_uris": [f"https://app{app.number}.{app.partner.domain}/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": " ".join(app.partner.scopes[:2]),
    }


def _machine(app: Application) -> dict[str, Any]:
    return {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_basic"}


def _post(app: Application) -> dict[str, Any]:
    return {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post"}


def _keys(app: Application) -> dict[str, Any]:
    return {
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": {"keys": [app.jwk]},
    }


def _native(app: Application) -> dict[str, Any]:
    return {
        "application_type": "native",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }


_KINDS = {"web": _web, "machine": _machine, "post": _post, "keys": _keys, "native": _native}

MISTAKES: Mapping[str, dict[str, Any]] = {
    "fragment": {"redirect_uris": ["https://app.{domain}/callback#top"]},
    "foreign_host": {"redirect_uris": ["https://offers.hosting.example/callback"]},
    "http": {"redirect_uris": ["http://app.{domain}/callback"]},
    "wildcard": {"redirect_uris": ["https://*.{domain}/callback"]},
    "scope": {"scope": "health-records:read"},
    "secret": {"application_type": "native", "token_endpoint_auth_method": "client_secret_basic"},
}


def mistaken(partner: Partner, mistake: str) -> dict[str, Any]:
    """A registration request that policy refuses."""
    body: dict[str, Any] = Application(partner, SANDBOX, "web", 0).body | MISTAKES[mistake]
    body["redirect_uris"] = [uri.format(domain=partner.domain) for uri in body["redirect_uris"]]
    return body
