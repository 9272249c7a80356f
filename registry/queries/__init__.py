"""The read side. Every function takes who reads first and returns only what that viewer may see.

Doors read as `queries.organizations(viewer)`; which file a reader lives in is this folder's own business.
"""

from registry.models import Client as ClientRow
from registry.models import InitialAccessToken as InitialAccessTokenRow
from registry.models import Organization as OrganizationRow
from registry.models import Registration as RegistrationRow
from registry.queries.cases import cases, cases_in_full, cases_waiting
from registry.queries.counts import (
    QuotaUse,
    Reach,
    client_reach,
    clients_by_domain,
    clients_by_scope,
    last_used,
    quota_use,
    reach,
)
from registry.queries.lists import clients_found, organizations_found
from registry.queries.log import LogSearch, client_events, event, events_found, organization_events
from registry.queries.records import (
    actor_names,
    audit_events,
    client,
    clients,
    contacts,
    counts_by_state,
    database_answers,
    entitlements,
    expiring_initial_access_tokens,
    initial_access_tokens,
    invitations,
    keys,
    organization,
    organizations,
    people,
    proved_domains,
    quotas,
    refused_registrations,
    registration,
    registration_access_tokens,
    registrations,
    secrets,
    staff,
    waiting,
)
from registry.queries.resources import (
    events_about,
    initial_access_token,
    organization_in_full,
    registrations_found,
    staff_id,
)
from registry.queries.visibility import operator_id, operator_organization

__all__ = [
    "ClientRow",
    "InitialAccessTokenRow",
    "LogSearch",
    "OrganizationRow",
    "QuotaUse",
    "Reach",
    "RegistrationRow",
    "actor_names",
    "audit_events",
    "cases",
    "cases_in_full",
    "cases_waiting",
    "client",
    "client_events",
    "client_reach",
    "clients",
    "clients_by_domain",
    "clients_by_scope",
    "clients_found",
    "contacts",
    "counts_by_state",
    "database_answers",
    "entitlements",
    "event",
    "events_about",
    "events_found",
    "expiring_initial_access_tokens",
    "initial_access_token",
    "initial_access_tokens",
    "invitations",
    "keys",
    "last_used",
    "operator_id",
    "operator_organization",
    "organization",
    "organization_events",
    "organization_in_full",
    "organizations",
    "organizations_found",
    "people",
    "proved_domains",
    "quota_use",
    "quotas",
    "reach",
    "refused_registrations",
    "registration",
    "registration_access_tokens",
    "registrations",
    "registrations_found",
    "secrets",
    "staff",
    "staff_id",
    "waiting",
]
