"""An organization's own people: who has which role, and leaving, without ever leaving it without an admin."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from registry import audit, people
from registry.actors import Actor
from registry.errors import Conflict, InvalidInput, NotFound, RoleForbids
from registry.events import Event
from registry.models import User
from registry.roles import PARTNER_ROLES, Role


@transaction.atomic
def change_role(
    person_id: UUID,
    organization_id: UUID,
    role: Role,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    successor_id: UUID | None = None,
) -> User:
    """Give one of an organization's people another role in it, which holds from their next request on.

    successor_id  who becomes an admin at the same instant, where the last admin is to be one no longer

    Raises NotFound for anybody else's person, InvalidInput for a role that is none of an organization, or for a
    successor who cannot be one; Conflict for a person without access, a role that they have, the last admin without
    a successor; RoleForbids when the access of whoever acts has ended meanwhile, or they are an admin no longer.
    """
    if role not in PARTNER_ROLES:
        raise InvalidInput(f"{role} is no role of an organization's people.", fix="Choose one of theirs.")
    holders = people.lock_people(organization_id)
    user = holders.get(person_id)
    if user is None:
        raise NotFound("There is no such person here.")
    _check_may_change(user, role, holders, actor)
    _hand_over(user, holders, successor_id, organization_id, actor, reason, now)
    _set_role(user, role, organization_id, actor, reason, now)
    return user


def _check_may_change(user: User, role: Role, holders: Mapping[UUID, User], actor: Actor) -> None:
    if not user.is_active:
        raise Conflict(f"The access of {user} has ended.", fix="Invite them anew.")
    if user.role == role:
        raise Conflict(f"{user} has this role already.", fix="Nothing is left to do.")
    if people.has_ended(actor.name, lock=True):
        raise RoleForbids("Your own access has ended.")
    acting = next((each for each in holders.values() if people.person(each).name == actor.name), None)
    if acting is not None and acting.role != Role.ORGANIZATION_ADMIN:
        raise RoleForbids("You are no admin any more.", fix="Ask one of them.")


@transaction.atomic
def leave(
    organization_id: UUID,
    *,
    actor: Actor,
    operator_id: UUID,
    reason: str,
    now: datetime,
    successor_id: UUID | None = None,
) -> User:
    """End one's own access to an organization. The last admin names a successor, who becomes one in the same instant.

    Raises NotFound for an actor who is nobody of it, InvalidInput for a successor who cannot be one, Conflict for the
    last admin without a successor, and the second time.
    """
    holders = people.lock_people(organization_id)
    user = next((each for each in holders.values() if people.person(each).name == actor.name), None)
    if user is None:
        raise NotFound("There is no such person here.")
    if not user.is_active:
        raise Conflict(f"The access of {user} has ended already.", fix="Nothing is left to do.")
    _hand_over(user, holders, successor_id, organization_id, actor, reason, now)
    return people.end_now(user, organization_id, operator_id, actor, reason, now)


def _hand_over(
    user: User,
    holders: Mapping[UUID, User],
    successor_id: UUID | None,
    organization_id: UUID,
    actor: Actor,
    reason: str,
    now: datetime,
) -> None:
    """Make the successor of an admin an admin, before the last one is none. Raises Conflict, InvalidInput.

    Nobody else has a successor: whoever is no admin makes nobody one by leaving.
    """
    is_admin = user.role == Role.ORGANIZATION_ADMIN
    if successor_id is None:
        if is_admin and not people.other_administrators(user, holders.values()):
            raise Conflict(f"{user} is the last admin.", fix="Name a successor who becomes one at once.")
        return
    if not is_admin:
        raise InvalidInput("Only an admin has a successor.", fix="Name none.")
    successor = holders.get(successor_id)
    if successor is None or not successor.is_active or successor.pk == user.pk:
        raise InvalidInput("The successor is nobody else who signs in here.", fix="Name one of the team.")
    if successor.role != Role.ORGANIZATION_ADMIN:
        _set_role(successor, Role.ORGANIZATION_ADMIN, organization_id, actor, reason, now)


def _set_role(
    user: User, role: Role, organization_id: UUID, actor: Actor, reason: str, now: datetime
) -> None:
    before, user.role = user.role, role
    user.save(update_fields=["role"])
    audit.record(
        Event.PERSON_ROLE_CHANGED,
        organization=organization_id,
        subject=("person", str(user.pk)),
        actor=actor,
        reason=reason,
        before={"role": before},
        after={"role": role},
        now=now,
    )
