"""Who may see what: the one condition that every reader puts on its rows."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from registry.actors import Viewer
from registry.errors import OperatorMissing
from registry.models import Organization, User
from registry.roles import Role


def operator_id() -> UUID:
    """The operator's own organization, which carries the acts of the whole operator. Raises OperatorMissing."""
    found = operator_id_if_founded()
    if found is None:
        raise OperatorMissing
    return found


def operator_id_if_founded() -> UUID | None:
    """The same; None in a new database, until the operator is founded."""
    slug = settings.REGISTRY.operator_slug
    return Organization.objects.filter(slug=slug).values_list("pk", flat=True).first()


def operator_organization() -> Organization:
    """The operator's own organization, as a row. Raises OperatorMissing."""
    found = Organization.objects.filter(slug=settings.REGISTRY.operator_slug).first()
    if found is None:
        raise OperatorMissing
    return found


def operator_contact() -> tuple[str, str] | None:
    """Name and address of who answers partners for the operator: a contact of its own, else one of its managers."""
    operator = Organization.objects.filter(slug=settings.REGISTRY.operator_slug).first()
    if operator is None:
        return None
    kept = {contact.kind: contact.email for contact in operator.contacts.all()}
    for kind in ("business", "technical", "security"):
        if kept.get(kind):
            return f"{operator.display_name}, {kind} contact", kept[kind]
    people = User.objects.filter(role=Role.PARTNER_MANAGER, is_active=True).order_by("date_joined", "pk")
    return next(((f"{person} of {operator.display_name}", person.email) for person in people[:1]), None)


def visible(viewer: Viewer, column: str) -> Q:
    """The condition that limits a query to what a viewer may see; nothing at all for everybody else."""
    if viewer.sees_everything:
        return Q()
    if viewer.organization_id is not None:
        return Q(**{column: viewer.organization_id})
    return Q(pk__in=[])


def number_of(rows: QuerySet[Any], holder: str) -> Coalesce:
    """How many of `rows` each row of another table holds; `holder` is the column that points there.

    PostgreSQL counts for the rows that are given out alone, where a join would count for the whole table.
    """
    held = rows.filter(**{holder: OuterRef("pk")}).order_by().values(holder)
    return Coalesce(
        Subquery(held.annotate(number=Count("*")).values("number")), 0, output_field=IntegerField()
    )
