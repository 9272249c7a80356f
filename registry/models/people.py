"""People: staff, partners' people and end users; one role each, by invitation."""

from uuid import uuid4

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Lower

from registry.roles import PARTNER_ROLES, STAFF_ROLES, Role

from .organizations import Organization


def _mailbox(column: str) -> Func:
    """Where mail to an address arrives: in any spelling of case, and without what follows a plus (RFC 5233)."""
    return Func(Lower(column), Value(r"\+[^@]*@"), Value("@"), function="regexp_replace")


class People(BaseUserManager["User"]):
    """Finds people by e-mail address, in any spelling of case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in. Ending `session_epoch` ends every session of theirs.

    ended_at  when their access last ended, also of somebody who came back
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=32, choices=[(role.value, role.value) for role in Role])
    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.PROTECT, related_name="people"
    )
    is_active = models.BooleanField(default=True)
    session_epoch = models.PositiveBigIntegerField(default=1)
    date_joined = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name", "role"]

    objects = People()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(role__in=sorted(PARTNER_ROLES)) | Q(organization__isnull=False),
                name="partner_people_have_an_organization",
            ),
            # Two accounts of one mailbox would be two pairs of eyes of one person.
            models.UniqueConstraint(
                _mailbox("email"),
                condition=Q(role__in=sorted(STAFF_ROLES)),
                name="staff_have_one_account_for_a_mailbox",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email


class Invitation(models.Model):
    """A link, mailed once, by which a person chooses a password; rests as a digest."""

    email = models.EmailField()
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=32, choices=[(role.value, role.value) for role in Role])
    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.PROTECT, related_name="invitations"
    )
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.CharField(max_length=100)
    inviter_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
