"""What rules say now of metadata that stands: an organization may have lost what its clients were granted under."""

from datetime import datetime

from django.db.models import Q, QuerySet

from registry import client_metadata
from registry.actors import Viewer
from registry.errors import Finding
from registry.models import Client, Entitlement, ProvedDomain
from registry.policy import engine
from registry.policy.context import Context, scopes_by_grant_type
from registry.policy.presets import PRESETS
from registry.policy.rule import CATALOGUE
from registry.queries.records import client
from registry.states import FINAL_STATES, Environment, Route, Verb

# Those about what the organization holds; every other rule asks the same as at registration.
_HOLDINGS = ("U4.proved_domain", "K3.domain", "D1.domain", "S1.entitled", "S1.grant_type", "G1.entitled")


def objections(viewer: Viewer, client_id: str, now: datetime) -> list[Finding]:
    """Findings about a client that goes on; none of one that has ended. Changes nothing."""
    row = client(viewer, client_id)
    if row.state in FINAL_STATES:
        return []
    rules = [CATALOGUE[name] for name in _HOLDINGS]
    judged = engine.judge(client_metadata.parse(row.metadata), _context(row, now), rules=rules)
    return list(judged.findings)


def _context(row: Client, now: datetime) -> Context:
    held = _held(row, now)
    domains = ProvedDomain.objects.filter(organization=row.organization_id, ended_at=None)
    return Context(
        environment=Environment(row.environment),
        route=Route(row.route),
        verb=Verb.REPLACE,
        organization_id=str(row.organization_id),
        client_id=row.client_id,
        parameters=PRESETS[row.organization.preset],
        entitled_scopes=frozenset(scope for each in held for scope in each.scopes),
        entitled_grant_types=frozenset(grant for each in held for grant in each.grant_types),
        scopes_by_grant_type=scopes_by_grant_type((each.scopes, each.grant_types) for each in held),
        proved_domains=frozenset(domains.values_list("domain", flat=True)),
    )


def _held(row: Client, now: datetime) -> QuerySet[Entitlement]:
    lasting = Q(valid_until=None) | Q(valid_until__gt=now)
    return Entitlement.objects.filter(lasting, organization=row.organization_id)
