"""One client as both portals show it: keys, rules, members, and whether it may act now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from registry import access
from registry.client_metadata import ClientMetadata
from registry.errors import Finding
from registry.policy import engine  # noqa: F401  (its import fills the catalogue)
from registry.policy.rule import CATALOGUE, Kind
from registry.queries import ClientRow
from registry.states import Cell, State

_KEY_STATES = {"ended": "retired", "compromised": "compromised"}
_DEFAULTS = ClientMetadata().as_document()


def keys(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """For parts/key_table.html."""
    return [
        {
            "kid": row.kid,
            "kind": _kind(row.jwk),
            "thumbprint": row.thumbprint,
            "first_seen": row.created_at,
            "last_used": row.last_used_at,
            "state": _KEY_STATES.get(row.state) or ("in use" if row.last_used_at else "announced"),
        }
        for row in rows
    ]


def _kind(jwk: Mapping[str, Any]) -> str:
    family = " ".join(str(jwk[name]) for name in ("kty", "crv") if name in jwk)
    return f"{family} · {jwk['alg']}" if jwk.get("alg") else family


def members(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For parts/metadata_table.html. What equals a default may have been sent or filled in: both are said."""
    return [
        {"member": name, "value": _lined(name, value), "source": _source(name, value)}
        for name, value in sorted(document.items())
    ]


def _lined(name: str, value: Any) -> Any:
    return value["keys"] if name == "jwks" else value


def _source(name: str, value: Any) -> str:
    return "registration, or our default" if _DEFAULTS.get(name) == value else "registration"


def passes() -> list[dict[str, str]]:
    """Every rule that judged: what was granted or waits broke none of them."""
    return [{"rule": rule.id, "title": rule.title} for rule in CATALOGUE if rule.kind is Kind.REFUSE]


def recorded(found: Iterable[Finding]) -> list[dict[str, str]]:
    """Findings as an event would record them."""
    return [asdict(finding) for finding in found]


def findings(recorded: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """The findings of a refused registration, as its event recorded them; for parts/findings.html."""
    return [{**finding, "outcome": "fail", "title": _title(finding["rule"])} for finding in recorded]


def _title(rule_id: str) -> str:
    return next(
        (rule.title for rule in CATALOGUE if rule.id == rule_id), "The request cannot be read as metadata"
    )


def judgement(
    passed: Sequence[Mapping[str, str]], row: ClientRow, objections: Iterable[Finding] = ()
) -> dict[str, Any]:
    """What the rules said of a stored client, and what they say now of what its organization holds.

    An objection of now warns: the client was granted before, goes on, and cannot be granted so again.
    """
    warned = [{**asdict(finding), "outcome": "warn", "title": _title(finding.rule)} for finding in objections]
    rules = {finding["rule"] for finding in warned}
    met = [rule for rule in passed if rule["rule"] not in rules]
    now = "; what its organization holds is judged as of now" if warned else ""
    return {
        "findings": warned,
        "passes": met,
        "counts": {"fail": 0, "warn": len(warned), "passed": len(met)},
        "judged": f"at registration, policy {row.policy_version}{now}",
    }


def sections(row: ClientRow, key_rows: Iterable[Any], objections: Iterable[Finding] = ()) -> dict[str, Any]:
    """The context of parts/client_sections.html."""
    return {
        "keys": keys(key_rows),
        "members": members(row.metadata),
        **judgement(passes(), row, objections),
    }


def facts(row: ClientRow) -> dict[str, Any]:
    """The client itself, for the head of its pages."""
    return {
        "client_id": row.client_id,
        "name": row.name,
        "state": row.state,
        "environment": row.environment,
        "route": row.route,
        "software_id": row.software_id,
        "organization": {
            "slug": row.organization.slug,
            "display_name": row.organization.display_name,
            "state": row.organization.state,
        },
    }


def standing(row: ClientRow) -> access.Standing:
    """What decisions read of a client and its organization."""
    organization = access.organization_standing(row.organization, row.environment)
    return access.Standing(organization, row.client_id, row.state, row.epoch, row.valid_until)


_TONES = {Cell.YES: ("ok", "active"), Cell.REDUCED: ("warn", "warn"), Cell.UNDECIDED: ("info", "clock")}


def tone(verdict: access.Verdict) -> dict[str, str]:
    """Colour and icon of the banner that says whether a client may act."""
    colour, symbol = _TONES.get(verdict.cell, ("stop", "pause"))
    return {"tone": colour, "symbol": symbol}


HEALTH: Mapping[str, str] = {
    State.PENDING: "waits for a decision",
    State.ACTIVE: "nothing to do",
    State.RESTRICTED: "may act in a reduced form",
    State.SUSPENDED: "gets no token",
    State.REVOKED: "ended for good",
    State.OFFBOARDED: "deregistered",
    State.DRAFT: "not yet submitted",
}
