"""Who acts (goes into the log) and who reads (limits the query)."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from registry.roles import PARTNER_ROLES, STAFF_ROLES, Role


class ActorKind(StrEnum):
    PERSON = "person"
    SERVICE = "service"
    CREDENTIAL = "credential"
    CLIENT = "client"
    SOURCE = "source"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, as the audit log will say it.

    id          stable: a user's id, a client_id, a credential's id, a source address, a task's name
    label       what people read
    request_id  ties the event to one request and its log lines; "" outside requests
    """

    kind: ActorKind
    id: str
    label: str
    request_id: str = ""
    role: Role | None = None
    organization_id: UUID | None = None

    @property
    def name(self) -> str:
        """The form kept in columns such as `created_by`: unique over all kinds."""
        return f"{self.kind}:{self.id}"

    def within(self, request_id: str) -> "Actor":
        return replace(self, request_id=request_id)


def system(task: str) -> Actor:
    """The product itself, in the name of one task."""
    return Actor(ActorKind.SYSTEM, task, task)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads. `organization_id` None means every organization: staff and service clients only."""

    role: Role | None
    organization_id: UUID | None
    scopes: frozenset[str] = field(default=frozenset())

    @property
    def sees_everything(self) -> bool:
        return self.organization_id is None and (self.role in STAFF_ROLES or bool(self.scopes))

    @property
    def is_partner(self) -> bool:
        return self.role in PARTNER_ROLES
