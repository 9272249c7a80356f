"""Who may see what: the one condition that every reader puts on its rows."""

from uuid import UUID

from django.conf import settings
from django.db.models import Q

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
