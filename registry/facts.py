"""What the rules have to know of an organization, read in the pipeline's transaction and frozen."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from registry import jwk, policy_in_force
from registry.client_metadata import ClientMetadata
from registry.models import Client, InitialAccessToken, Organization
from registry.policy import lookalikes, versions
from registry.policy.context import Context, KeyOwner, KeyStanding, scopes_by_grant_type
from registry.policy.presets import PRESETS
from registry.states import FINAL_STATES, Environment, Route, Verb
from registry.whole_rows import Whole

# One statement for everything. `roles` null: every role that is held.
_FACTS = f"""
SELECT
    (SELECT json_agg(json_build_array(e.scopes, e.default_scopes, e.grant_types))
     FROM registry_entitlement e WHERE e.organization_id = %(id)s
          AND (e.valid_until IS NULL OR e.valid_until > %(now)s)
          AND (%(roles)s::text[] IS NULL OR e.role = ANY(%(roles)s::text[]))),
    ARRAY(SELECT d.domain FROM registry_proveddomain d
          WHERE d.organization_id = %(id)s AND d.ended_at IS NULL),
    coalesce((SELECT q.clients FROM registry_quota q
          WHERE q.organization_id = %(id)s AND q.environment = %(environment)s), 0),
    coalesce((SELECT q.keys_per_client FROM registry_quota q
          WHERE q.organization_id = %(id)s AND q.environment = %(environment)s), 0),
    coalesce((SELECT q.registrations_per_hour FROM registry_quota q
          WHERE q.organization_id = %(id)s AND q.environment = %(environment)s), 0),
    (SELECT count(*) FROM registry_client c WHERE c.organization_id = %(id)s
          AND c.environment = %(environment)s AND c.state <> ALL(%(final)s::text[])),
    (SELECT count(*) FROM registry_client c WHERE c.organization_id = %(id)s
          AND c.environment = %(environment)s AND c.registered_at > %(hour_ago)s),
    (SELECT c.client_id FROM registry_client c WHERE c.organization_id = %(id)s
          AND c.environment = %(environment)s AND c.software_id = %(software_id)s
          AND c.software_id <> '' AND c.client_id <> %(client_id)s AND c.state <> ALL(%(final)s::text[]) LIMIT 1),
    (SELECT json_agg(json_build_array(k.thumbprint, k.organization_id, c.client_id, k.state) ORDER BY k.created_at)
     FROM registry_clientkey k JOIN registry_client c ON c.id = k.client_id
     WHERE k.thumbprint = ANY(%(thumbprints)s::text[])),
    (SELECT t.version FROM registry_termsversion t
     WHERE t.effective_at = (SELECT max(c.effective_at) FROM registry_termsversion c WHERE c.effective_at <= %(now)s)
          AND NOT EXISTS (SELECT FROM registry_termsacceptance a JOIN registry_termsversion v ON v.id = a.terms_id
               WHERE a.organization_id = %(id)s AND v.effective_at >= t.effective_at)),
    (SELECT json_agg(json_build_array(w.rule, w.member, w.value))
     FROM registry_waiver w JOIN registry_client c ON c.id = w.client_id
     WHERE c.client_id = %(client_id)s AND w.stage = 'granted' AND w.ends_at > %(now)s),
    ARRAY(SELECT s FROM registry_organization o CROSS JOIN unnest(o.name_skeletons) s
          WHERE o.name_skeletons && %(skeletons)s::text[]
          AND s = ANY(%(skeletons)s::text[]) AND o.id <> %(id)s),
    (SELECT o.name_skeletons FROM registry_organization o WHERE o.id = %(id)s),
    {policy_in_force.EXPRESSION}
"""  # noqa: S608  # its parts are constants of this program


def gather(
    organization: Organization,
    environment: Environment,
    metadata: ClientMetadata,
    *,
    route: Route,
    token: InitialAccessToken | None,
    now: datetime,
    client_id: str | None = None,
) -> Context:
    """The facts for judging one registration. One statement.

    token      the initial access token that speaks, or spoke, for it: its ceiling stays over the client
    client_id  the client that changes; None for a new one
    """
    roles_of_token = token.roles if token else None
    row = _read(organization.pk, environment, metadata, roles_of_token, client_id or "", now)
    (
        roles,
        domains,
        clients,
        keys,
        hourly,
        held,
        recent,
        holder,
        owners,
        terms,
        waived,
        foreign,
        own,
        found,
    ) = row
    policy = versions.in_force(
        policy_in_force.version(found), PRESETS[organization.preset], environment, route
    )
    scopes, default_scopes, grant_types = _unions(roles or ())
    return Context(
        environment=environment,
        route=route,
        verb=Verb.CREATE if client_id is None else Verb.REPLACE,
        organization_id=str(organization.pk),
        client_id=client_id,
        parameters=policy.parameters,
        entitled_scopes=scopes,
        entitled_grant_types=grant_types,
        scopes_by_grant_type=scopes_by_grant_type((role[0], role[2]) for role in roles or ()),
        default_scopes=default_scopes,
        proved_domains=frozenset(domains),
        allowed_hosts=_set_or_none(token.allowed_hosts if token else None),
        allowed_software_id=(token.software_id or None) if token else None,
        key_owners=_key_owners(owners or ()),
        software_holder=holder,
        foreign_names=_foreign_names(foreign, own, organization),
        clients_left=max(0, clients - held),
        keys_per_client=keys,
        registrations_left_this_hour=max(0, hourly - recent),
        terms_outstanding=terms if terms and _owes_terms(organization, environment) else "",
        modes=policy.modes,
        waivers=frozenset((rule, member, value) for rule, member, value in waived or ()),
    )


def _owes_terms(organization: Organization, environment: Environment) -> bool:
    """Not in the sandbox, which is open while somebody reads, and not the operator, whose terms they are."""
    return environment is Environment.PRODUCTION and not organization.is_operator


def gather_for(client: Client, metadata: ClientMetadata, now: datetime) -> Context:
    """The facts for judging other metadata of a client. Two statements."""
    return gather(
        client.organization,
        Environment(client.environment),
        metadata,
        route=Route(client.route),
        token=_token_of(client),
        now=now,
        client_id=client.client_id,
    )


_TOKEN = Whole(InitialAccessToken, "t")
_TOKEN_OF = f"""
SELECT {_TOKEN.columns} FROM registry_initialaccesstoken t
JOIN registry_registration r ON r.initial_access_token_id = t.id WHERE r.client_id = %s LIMIT 1
"""  # noqa: S608  # its parts are constants of this program


def _token_of(client: Client) -> InitialAccessToken | None:
    """The initial access token that a client was registered with."""
    with connection.cursor() as cursor:
        cursor.execute(_TOKEN_OF, [client.pk])
        row = cursor.fetchone()
    return _TOKEN.row(row) if row else None


def _unions(
    roles: Iterable[Sequence[Sequence[str]]],
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Scopes, default scopes and grant types of all roles."""
    scopes, default_scopes, grant_types = (
        frozenset[str]().union(*(role[place] for role in roles)) for place in range(3)
    )
    return scopes, default_scopes, grant_types


def _read(
    organization_id: UUID,
    environment: str,
    metadata: ClientMetadata,
    roles: Sequence[str] | None,
    client_id: str,
    now: datetime,
) -> tuple[Any, ...]:
    asked: dict[str, Any] = {
        "id": organization_id,
        "environment": environment,
        "software_id": metadata.software_id or "",
        "thumbprints": list(jwk.thumbprints(metadata.keys)),
        "skeletons": sorted(lookalikes.skeletons_of(metadata)),
        "client_id": client_id,
        "roles": None if roles is None else list(roles),
        "now": now,
        "hour_ago": now - timedelta(hours=1),
        "final": [state.value for state in FINAL_STATES],
    }
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, asked | policy_in_force.known())
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _foreign_names(foreign: Iterable[str], own: Iterable[str], organization: Organization) -> frozenset[str]:
    """Whoever bears a name bears it beside others of the same; what is reserved is the operator's alone."""
    reserved = () if organization.is_operator else lookalikes.skeletons(*settings.REGISTRY.reserved_names)
    return (frozenset(foreign) - frozenset(own)) | frozenset(reserved)


def _set_or_none(items: Sequence[str] | None) -> frozenset[str] | None:
    return None if items is None else frozenset(items)


def _key_owners(rows: Iterable[Sequence[str]]) -> Mapping[str, KeyOwner]:
    """By thumbprint, from rows in the order in which the keys came."""
    owners: dict[str, KeyOwner] = {}
    for thumbprint, organization_id, client_id, state in rows:
        standing = KeyStanding(state)
        if _outweighs(standing, owners.get(thumbprint)):
            owners[thumbprint] = KeyOwner(str(organization_id), client_id, standing)
    return owners


_WEIGHT = {
    KeyStanding.ENDED: 0,
    KeyStanding.RETIRED: 1,
    KeyStanding.ACTIVE: 2,
    KeyStanding.COMPROMISED: 3,
}


def _outweighs(standing: KeyStanding, held: KeyOwner | None) -> bool:
    """A key may have had several holders; what speaks most strongly against its return is kept."""
    return held is None or _WEIGHT[standing] >= _WEIGHT[held.state]
