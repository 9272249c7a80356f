"""People come to be, by invitation or made by whoever sets a deployment up, and their access ends."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from registry import audit, lifecycle, tokens
from registry.actors import Actor, ActorKind
from registry.errors import Conflict, InvalidInput, NotFound, QuotaReached, RoleForbids
from registry.events import Event
from registry.identifiers import digest, new_credential
from registry.models import Invitation, User
from registry.roles import ADMINISTRATORS, PARTNER_ROLES, STAFF_ROLES, Role
from registry.states import FINAL_STATES

INVITATION_PREFIX = "pin_"
MAX_OPEN_INVITATIONS = 50  # of one organization, by whoever: each of them is a mail that somebody gets


@transaction.atomic
def create_person(
    email: str,
    name: str,
    role: Role,
    organization_id: UUID | None,
    *,
    password: str,
    actor: Actor,
    operator_id: UUID,
    now: datetime,
) -> User:
    """Make a person who can sign in. Raises Conflict when the address is held."""
    user = User(email=email.lower(), name=name, role=role, organization_id=organization_id, date_joined=now)
    _save(user, password)
    audit.record(
        Event.PERSON_CREATED,
        organization=organization_id or operator_id,
        subject=("person", str(user.pk)),
        actor=actor,
        after={"role": role},
        now=now,
    )
    return user


def _save(user: User, password: str) -> None:
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as cause:
        raise Conflict("A person with this e-mail address exists.", fix="Sign in with it.") from cause


@transaction.atomic
def invite(
    email: str,
    name: str,
    role: Role,
    organization_id: UUID | None,
    *,
    actor: Actor,
    operator_id: UUID,
    now: datetime,
) -> tuple[Invitation, str]:
    """Invite a person; the second item is the link's token, which only the mailbox may see."""
    if (role in PARTNER_ROLES) != (organization_id is not None):
        raise InvalidInput("The role and the organization do not fit.", fix="Partner roles belong to one.")
    if organization_id is not None:
        _check_open_invitations(organization_id, now)
    value = new_credential(INVITATION_PREFIX)
    invitation = Invitation.objects.create(
        email=email.lower(),
        name=name,
        role=role,
        organization_id=organization_id,
        digest=digest(value),
        invited_by=actor.name,
        inviter_name=actor.label,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.REGISTRY.invitation_seconds),
    )
    audit.record(
        Event.PERSON_INVITED,
        organization=organization_id or operator_id,
        subject=("invitation", str(invitation.pk)),
        actor=actor,
        after={"role": role, "email": email.lower()},
        now=now,
    )
    return invitation, value


def _check_open_invitations(organization_id: UUID, now: datetime) -> None:
    lifecycle.lock_organization(organization_id)
    held = Invitation.objects.filter(organization_id=organization_id, accepted_at=None, expires_at__gt=now)
    if held.count() >= MAX_OPEN_INVITATIONS:
        raise QuotaReached(
            f"{MAX_OPEN_INVITATIONS} invitations wait for an answer.",
            fix="Withdraw one, or wait until one is accepted or ends.",
        )


@transaction.atomic
def withdraw_invitation(
    invitation_id: int, organization_id: UUID, *, actor: Actor, reason: str, now: datetime
) -> Invitation:
    """End an open invitation of an organization: its link works no more. Raises NotFound for any other."""
    held = Invitation.objects.select_for_update(no_key=True).filter(organization_id=organization_id)
    invitation = held.filter(pk=invitation_id, accepted_at=None, expires_at__gt=now).first()
    if invitation is None:
        raise NotFound("There is no such open invitation.")
    invitation.expires_at = now
    invitation.save(force_update=True)
    audit.record(
        Event.PERSON_INVITATION_WITHDRAWN,
        organization=organization_id,
        subject=("invitation", str(invitation.pk)),
        actor=actor,
        reason=reason,
        before={"role": invitation.role, "email": invitation.email},
        now=now,
    )
    return invitation


def find_invitation(value: str, now: datetime) -> Invitation:
    """The open invitation of a link. Raises NotFound, also when inviter or organization are no more."""
    invitation = (
        Invitation.objects.select_related("organization")
        .filter(digest=digest(value), accepted_at=None, expires_at__gt=now)
        .exclude(organization__state__in=FINAL_STATES)
        .first()
    )
    if invitation is None or has_ended(invitation.invited_by):
        raise _invitation_ended()
    return invitation


def _invitation_ended() -> NotFound:
    return NotFound("This invitation was used or has ended.", fix="Ask for a new one.")


def person_to_be(invitation: Invitation, now: datetime) -> User:
    """The person that an invitation makes, not yet saved: a new password is compared with who it is for."""
    return User(
        email=invitation.email,
        name=invitation.name,
        role=invitation.role,
        organization_id=invitation.organization_id,
        date_joined=now,
    )


def _returning(invitation: Invitation) -> User | None:
    """The person of this address whose access had ended, with the role of now; a factor that they had stays theirs.

    Raises NotFound for an invitation from before the end: nobody keeps one for the day after.
    """
    user = User.objects.select_for_update().filter(email=invitation.email, is_active=False).first()
    if user is not None:
        if user.ended_at is not None and invitation.created_at <= user.ended_at:
            raise _invitation_ended()
        user.name, user.role, user.is_active = invitation.name, invitation.role, True
        user.organization_id = invitation.organization_id
    return user


@transaction.atomic
def accept_invitation(
    value: str, *, password: str, operator_id: UUID, request_id: str, now: datetime
) -> User:
    """Spend an invitation once and make its person. Raises NotFound or Conflict."""
    invitation = find_invitation(value, now)
    user = _returning(invitation) or person_to_be(invitation, now)
    _spend(invitation, now)
    _save(user, password)
    audit.record(
        Event.PERSON_JOINED,
        organization=invitation.organization_id or operator_id,
        subject=("person", str(user.pk)),
        actor=person(user, request_id),
        after={"role": user.role},
        now=now,
    )
    return user


def _spend(invitation: Invitation, now: datetime) -> None:
    """Once, and only as it was read. After the person is locked: `end_access` takes both in this order, too."""
    as_read = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, expires_at=invitation.expires_at)
    if not as_read.update(accepted_at=now):
        raise _invitation_ended()


@transaction.atomic
def end_access(
    person_id: UUID,
    organization_id: UUID | None,
    *,
    actor: Actor,
    operator_id: UUID,
    reason: str,
    now: datetime,
) -> User:
    """End a person's access: every session dies at this commit, and no new one begins. Their clients stay.

    organization_id  whose person it is; None for the operator's staff

    With it end the tokens that speak for them, and the open invitations to them and by them.

    Raises NotFound for anybody else's person, Conflict for the last administrator, for oneself, and the second time;
    RoleForbids when the access of whoever acts has ended meanwhile.
    """
    holders = lock_people(organization_id)
    user = holders.get(person_id)
    if user is None:
        raise NotFound("There is no such person here.")
    _check_may_end(user, holders.values(), actor)
    return end_now(user, organization_id, operator_id, actor, reason, now)


def end_now(
    user: User, organization_id: UUID | None, operator_id: UUID, actor: Actor, reason: str, now: datetime
) -> User:
    """End a locked person's access, in the caller's transaction, which decided that it may."""
    lifecycle.end_person(user, now)
    ended = tokens.end_tokens_of(user.pk, now) | {"invitations": _end_invitations(user, now)}
    audit.record(
        Event.PERSON_ENDED,
        organization=organization_id or operator_id,
        subject=("person", str(user.pk)),
        actor=actor,
        reason=reason,
        before={"role": user.role, "email": user.email},
        after=ended,
        now=now,
    )
    return user


def _end_invitations(user: User, now: datetime) -> int:
    """Those by which they, or whoever they chose, could come in after their end."""
    theirs = Q(email=user.email) | Q(invited_by=person(user).name)
    return Invitation.objects.filter(theirs, accepted_at=None, expires_at__gt=now).update(expires_at=now)


def lock_people(organization_id: UUID | None) -> dict[UUID, User]:
    """All of them, in one order: two administrators who end each other at once do not both succeed."""
    rows = User.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
    if organization_id is None:
        return {user.pk: user for user in rows.filter(role__in=STAFF_ROLES)}
    return {user.pk: user for user in rows.filter(organization_id=organization_id)}


def _check_may_end(user: User, holders: Iterable[User], actor: Actor) -> None:
    if actor.name == person(user).name:
        raise Conflict("Nobody ends their own access.", fix="Ask another administrator to end it.")
    if not user.is_active:
        raise Conflict(f"The access of {user} has ended already.", fix="Nothing is left to do.")
    if is_last_administrator(user, holders, actor):
        raise Conflict(f"{user} is the last administrator.", fix="Invite a successor first.")
    if has_ended(actor.name, lock=True):
        raise RoleForbids("Your own access has ended.")


def has_ended(name: str, *, lock: bool = False) -> bool:
    """True for the name of an actor (`Actor.name`) who is a person without access now."""
    kind, _, identifier = name.partition(":")
    try:
        found = User.objects.filter(pk=UUID(identifier))
    except ValueError:
        return False
    rows = found.select_for_update(no_key=True) if lock else found
    return kind == ActorKind.PERSON and any(not user.is_active for user in rows)


def is_last_administrator(user: User, holders: Iterable[User], actor: Actor) -> bool:
    """True if nobody else among these could invite, and end the access of, others: it binds their own people.

    The operator's staff may end the last one of a partner: whoever it let in, it can always stop.
    """
    outside = user.role in PARTNER_ROLES and actor.role in STAFF_ROLES
    if user.role not in ADMINISTRATORS or not user.is_active or outside:
        return False
    return not other_administrators(user, holders)


def other_administrators(user: User, holders: Iterable[User]) -> bool:
    return any(other.pk != user.pk and other.role == user.role and other.is_active for other in holders)


def person(user: User, request_id: str = "") -> Actor:
    """The actor that a signed-in person is."""
    return Actor(ActorKind.PERSON, str(user.pk), str(user), request_id, Role(user.role), user.organization_id)
