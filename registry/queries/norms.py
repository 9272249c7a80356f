"""What the other clients of an organization are like: the norm that a change is read against."""

from typing import Any

from registry.actors import Viewer
from registry.models import Client
from registry.queries.records import clients
from registry.states import FINAL_STATES, State

COMPARED = 200


def metadata_beside(viewer: Viewer, row: Client) -> list[dict[str, Any]]:
    """Effective metadata of the other living clients of its organization and environment, the newest `COMPARED`.

    One statement. Who still waits for a first decision, or has ended, says nothing about a norm.
    """
    others = clients(viewer).filter(organization=row.organization_id, environment=row.environment)
    living = others.exclude(state__in=[*FINAL_STATES, State.PENDING, State.DRAFT]).exclude(pk=row.pk)
    return list(living.values_list("metadata", flat=True)[:COMPARED])
