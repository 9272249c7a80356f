"""A key of one organization that another one presents: refused by rule K2, and told to both sides of the fence.

Either a private key is where it should not be, or somebody tries out whose a public key is. The one who presents it
learns no more than that it is taken; the holder and the operator's security officers learn of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from registry import audit, jwk, notices, queries
from registry.actors import Actor, system
from registry.errors import Finding
from registry.events import Event
from registry.models import ClientKey, NoticeKind

RULE = "K2.owner"
_LEDGER = system("ledger of keys")


def tell(
    findings: Sequence[Finding],
    document: Mapping[str, Any],
    *,
    organization_id: UUID,
    actor: Actor,
    now: datetime,
) -> None:
    """Record and owe what has to be told of the keys in a refused document, in the caller's transaction.

    Does nothing unless rule K2 objected, and nothing about keys of the same organization. One event a minute for each
    key, and one notice a day.
    """
    operator = queries.operator_id_if_founded()
    if operator is None or all(finding.rule != RULE for finding in findings):
        return
    for row in _foreign(document, organization_id):
        _record(row, operator, organization_id, actor, now)
        occasion = f"{row.thumbprint}|{organization_id}|{now:%Y-%m-%d}"
        for reader in (row.organization_id, operator):
            notices.owe(
                NoticeKind.KEY_REUSED,
                row.client,
                once=f"{occasion}|{reader}",
                now=now,
                reader=reader,
                kid=row.kid,
                day=f"{now:%Y-%m-%d}",
            )


def _foreign(document: Mapping[str, Any], organization_id: UUID) -> list[ClientKey]:
    """The rows of these keys that other organizations hold or held."""
    keys = document.get("jwks", {}).get("keys", []) if isinstance(document.get("jwks"), dict) else []
    names = jwk.thumbprints(key for key in keys if isinstance(key, dict)) if isinstance(keys, list) else ()
    rows = ClientKey.objects.filter(thumbprint__in=names).exclude(organization_id=organization_id)
    return list(rows.select_related("client", "client__organization").order_by("pk"))


def _record(row: ClientKey, operator: UUID, presenter: UUID, actor: Actor, now: datetime) -> None:
    """Its holder reads that it happened; who it was stands in the operator's own log."""
    about = ("client", row.client.client_id)
    once = f"{row.thumbprint}|{presenter}"
    found = {"kid": row.kid, "thumbprint": row.thumbprint}
    audit.record_once(
        Event.KEY_REUSE_SEEN,
        once=f"{once}|holder",
        organization=row.organization_id,
        environment=row.client.environment,
        subject=about,
        actor=_LEDGER,
        reason="another organization presented this key",
        after=found,
        now=now,
    )
    audit.record_once(
        Event.KEY_REUSE_SEEN,
        once=f"{once}|operator",
        organization=operator,
        subject=about,
        actor=actor,
        reason="a key of another organization was presented",
        after=found | {"presented_by": str(presenter), "held_by": str(row.organization_id)},
        now=now,
    )
