"""Audit events as both portals show them: a sentence for each name, grouped by day."""

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from registry.events import Event

SENTENCES: Mapping[str, str] = {
    Event.ORGANIZATION_CREATED: "Organization created as draft",
    Event.ORGANIZATION_CHANGED: "Facts of the organization changed",
    Event.ORGANIZATION_SUBMITTED: "Submitted for approval",
    Event.ORGANIZATION_APPROVED: "Approved; the organization is active",
    Event.ORGANIZATION_REJECTED: "Not approved; back to draft",
    Event.ORGANIZATION_CONTAINED: "Contained: nothing issued before counts",
    Event.ORGANIZATION_ENVIRONMENT_CONTAINED: "{environment} contained",
    Event.ORGANIZATION_RESTORED: "Restored; nothing that died is revived",
    Event.ORGANIZATION_ENVIRONMENT_RESTORED: "{environment} restored",
    Event.ORGANIZATION_REVOKED: "Relation ended for good",
    Event.DOMAIN_PROVED: "Domain attested",
    Event.DOMAIN_CHALLENGED: "Proof of a domain begun",
    Event.DOMAIN_SHOWN: "Domain proved",
    Event.DOMAIN_MISSED: "Proof of a domain not seen; its grace begins",
    Event.DOMAIN_SEEN_AGAIN: "Proof of a domain seen again",
    Event.DOMAIN_ENDED: "Proof of a domain ended",
    Event.ENTITLEMENT_GRANTED: "Entitlement granted",
    Event.ENTITLEMENT_WITHDRAWN: "Entitlement withdrawn",
    Event.QUOTA_SET: "Quota set",
    Event.TERMS_ACCEPTED: "Terms accepted for the organization",
    Event.TERMS_PUBLISHED: "Version of the terms published",
    Event.INITIAL_ACCESS_TOKEN_ISSUED: "Initial access token issued",
    Event.INITIAL_ACCESS_TOKEN_REVOKED: "Initial access token revoked",
    Event.INITIAL_ACCESS_TOKEN_EXPIRED: "Initial access token ended",
    Event.REGISTRATION_GRANTED: "Registration granted by policy",
    Event.REGISTRATION_AWAITS_REVIEW: "Registration waits for a decision",
    Event.REGISTRATION_REPEATED: "Registration repeated after a lost answer",
    Event.REGISTRATION_REFUSED: "Registration refused",
    Event.REGISTRATION_FIRST_APPROVAL: "First of two approvals",
    Event.REGISTRATION_APPROVED: "Registration approved",
    Event.REGISTRATION_REJECTED: "Registration rejected",
    Event.KEY_SET_CHANGED: "Keys at the client's address changed",
    Event.KEY_SET_MISSED: "Keys at the client's address not accepted; those of before go on",
    Event.LOGO_CHANGED: "Logo of the client drawn anew",
    Event.CHANGE_APPLIED: "Change of the client applied",
    Event.CHANGE_AWAITS_REVIEW: "Change of the client waits for a decision; it goes on as it is",
    Event.CHANGE_AMENDED: "Registration amended before its decision",
    Event.CHANGE_WITHDRAWN: "Change of the client withdrawn",
    Event.CHANGE_APPROVED: "Change of the client approved",
    Event.CHANGE_REJECTED: "Change of the client rejected; it goes on as it is",
    Event.CHANGE_UNDONE: "Change of the client undone",
    Event.CHANGE_REFUSED: "Change of the client refused",
    Event.KEY_REUSE_SEEN: "A key was presented by another organization",
    Event.REGISTRATION_ACCESS_TOKEN_ROTATED: "Registration access token rotated",
    Event.REGISTRATION_ACCESS_TOKEN_REISSUED: "Registration access token issued anew; all others ended",
    Event.CLIENT_SECRET_ISSUED: "Client secret added",
    Event.CLIENT_SECRET_RETIRED: "Client secret retired",
    Event.POLICY_DRAFTED: "Draft of a policy version saved",
    Event.POLICY_DRAFT_WITHDRAWN: "Draft of a policy version withdrawn",
    Event.POLICY_PUBLISHED: "Policy version published",
    Event.POLICY_DRY_RUN_ASKED: "Dry run of a policy version asked for",
    Event.WAIVER_ASKED: "Waiver asked for",
    Event.WAIVER_GRANTED: "Waiver granted",
    Event.WAIVER_ENDED: "Waiver ended",
    Event.WAIVER_EXPIRED: "Waiver ended: its time was over",
    Event.CLIENT_UNUSED_SEEN: "Client not in use; its organization is told",
    Event.CLIENT_RESTRICTED: "Client restricted",
    Event.CLIENT_LIFTED: "Restriction of the client lifted",
    Event.CLIENT_SUSPENDED: "Client suspended",
    Event.CLIENT_EXPIRED: "Client suspended: its validity ended",
    Event.CLIENT_REACTIVATED: "Client reactivated",
    Event.CLIENT_REVOKED: "Client revoked; its keys never return",
    Event.CLIENT_DEREGISTERED: "Client deregistered; a tombstone stays",
    Event.CLIENT_EXCEPTION_RENEWED: "Exception renewed; the client goes on until its new end",
    Event.CLIENT_ROUTE_CHANGED: "Client moved to dynamic registration; it keeps its client_id",
    Event.CLIENT_AUTHENTICATION_REFUSED: "Client authentication refused",
    Event.BACKUP_PROVED: "Backup restored and proved",
    Event.ISSUANCE_STOPPED: "Issuance stopped, for everybody",
    Event.ISSUANCE_RESUMED: "Issuance resumed",
    Event.TOKEN_REVOKED: "Token revoked",
    Event.TOKEN_REUSE_SEEN: "Refresh token reused; its family is revoked",
    Event.CODE_REPLAY_SEEN: "Authorization code replayed; what it gave is revoked",
    Event.CONSENT_GIVEN: "Consent given",
    Event.CONSENT_REFUSED: "Consent refused",
    Event.AUDIT_EXPORTED: "Export of the log asked for",
    Event.AUDIT_INTEGRITY_FAILED: "The log does not fit its signed past",
    Event.RESOURCE_SERVER_CREATED: "Resource server admitted",
    Event.RESOURCE_SERVER_AUTHENTICATION_REFUSED: "Authentication of a resource server refused",
    Event.PERSON_CREATED: "Person created",
    Event.PERSON_INVITED: "Person invited",
    Event.PERSON_INVITATION_WITHDRAWN: "Invitation withdrawn",
    Event.PERSON_JOINED: "Invitation accepted",
    Event.PERSON_ROLE_CHANGED: "Role of a person changed",
    Event.PERSON_ENDED: "Access ended; every session with it",
    Event.PERSON_SIGNED_IN: "Signed in",
    Event.PERSON_SIGNED_OUT: "Signed out",
    Event.PERSON_SIGN_IN_REFUSED: "Sign-in refused",
    Event.PERSON_STEPPED_UP: "Fresh second factor presented",
    Event.PERSON_FACTOR_REFUSED: "Code of the second factor refused",
    Event.PERSON_FACTOR_CHANGED: "Second factor changed",
    Event.PERSON_PASSWORD_CHANGED: "Password changed",
}
ACTOR_NOTES: Mapping[str, str] = {
    "service": "service client",
    "credential": "holder of a credential",
    "client": "client",
    "source": "from this address",
    "system": "the registry itself",
}
_STATES: Mapping[str, str] = {
    Event.ORGANIZATION_CREATED: "draft",
    Event.ORGANIZATION_SUBMITTED: "pending",
    Event.ORGANIZATION_APPROVED: "active",
    Event.ORGANIZATION_REJECTED: "draft",
    Event.ORGANIZATION_CONTAINED: "suspended",
    Event.ORGANIZATION_ENVIRONMENT_CONTAINED: "suspended",
    Event.ORGANIZATION_RESTORED: "active",
    Event.ORGANIZATION_ENVIRONMENT_RESTORED: "active",
    Event.ORGANIZATION_REVOKED: "revoked",
    Event.REGISTRATION_GRANTED: "active",
    Event.REGISTRATION_AWAITS_REVIEW: "pending",
    Event.REGISTRATION_FIRST_APPROVAL: "second person",
    Event.REGISTRATION_APPROVED: "active",
    Event.REGISTRATION_REJECTED: "rejected",
    Event.CLIENT_RESTRICTED: "restricted",
    Event.CLIENT_LIFTED: "active",
    Event.CLIENT_SUSPENDED: "suspended",
    Event.CLIENT_EXPIRED: "suspended",
    Event.CLIENT_REACTIVATED: "active",
    Event.CLIENT_REVOKED: "revoked",
    Event.CLIENT_DEREGISTERED: "offboarded",
}

Address = Callable[[Any], str]


def sentence(event: Any) -> str:
    said = str(SENTENCES.get(event.action, event.action))
    return said.format(environment=event.environment.capitalize())


def subject(event: Any) -> str:
    return f"{event.subject_kind.replace('_', ' ')} {event.subject_id}"


def as_shown(event: Any, href: str) -> dict[str, Any]:
    """One event for parts/log.html and audit/event.html."""
    return {
        "id": str(event.id),
        "at": event.at,
        "name": event.action,
        "text": f"{sentence(event)} · {subject(event)}",
        "actor": event.actor_label,
        "actor_note": ACTOR_NOTES.get(event.actor_kind, ""),
        "organization": event.organization.display_name,
        "reason": event.reason,
        "before": event.before,
        "after": event.after,
        "policy_version": event.policy_version,
        "request_id": event.request_id,
        "href": href,
    }


def by_day(events: Iterable[Any], address: Address) -> list[dict[str, Any]]:
    """Events, newest first, under the UTC days on which they happened."""
    return [
        {"date": date, "events": [as_shown(event, address(event)) for event in events_of_day]}
        for date, events_of_day in groupby(events, key=lambda event: event.at.date())
    ]


def timeline(events: Iterable[Any], address: Address | None = None) -> list[dict[str, Any]]:
    """Events as entries of parts/timeline.html; without `address` no names of people, for partners."""
    return [_entry(event, address) for event in events]


def _entry(event: Any, address: Address | None) -> dict[str, Any]:
    state = _STATES.get(event.action)
    return {
        "state": state,
        "icon": "" if state else "log",
        "text": sentence(event),
        "at": event.at,
        "by": event.actor_label if address else "",
        "reason": event.reason if address else "",
        "policy_version": event.policy_version,
        "href": address(event) if address else "",
    }
