"""Organizations: the accountable legal parties, what they may use, and the domains they proved."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from registry.domain_signs import Sign
from registry.states import Environment, State


class RegistrationScheme(models.TextChoices):
    LEI = "lei", "LEI (ISO 17442)"
    NATIONAL = "national", "National register"


class Review(models.TextChoices):
    """What the decision about a registration that breaks no rule needs."""

    AUTOMATIC = "automatic"
    ONE_PERSON = "one_person"
    FOUR_EYES = "four_eyes"


class ContactKind(models.TextChoices):
    BUSINESS = "business"
    TECHNICAL = "technical"
    SECURITY = "security"
    INCIDENT = "incident"
    BILLING = "billing"


class DomainProof(models.TextChoices):
    ATTESTED = "attested", "attested"
    DNS_TXT = "dns_txt", "DNS TXT"
    WELL_KNOWN = "well_known", "well-known file"


def _states() -> list[tuple[str, str]]:
    return [(state.value, state.value) for state in State]


def _environments() -> list[tuple[str, str]]:
    return [(environment.value, environment.value) for environment in Environment]


class Organization(models.Model):
    """Accountable legal party. `state`, epochs and containment are written by `registry.lifecycle` alone."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    slug = models.SlugField(max_length=64, unique=True)
    legal_name = models.CharField(max_length=200)
    display_name = models.CharField(max_length=100)
    registration_scheme = models.CharField(max_length=16, choices=RegistrationScheme.choices)
    registration_number = models.CharField(max_length=64)
    country = models.CharField(max_length=2)
    name_skeletons = ArrayField(models.TextField(), default=list, db_default=[])
    website = models.URLField(max_length=300, blank=True)
    sponsor = models.ForeignKey("User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    contract_end = models.DateField(null=True, blank=True)
    is_operator = models.BooleanField(default=False)

    state = models.CharField(max_length=16, choices=_states, default=State.DRAFT)
    state_before = models.CharField(max_length=16, blank=True)
    state_reason = models.CharField(max_length=1000, blank=True)
    state_since = models.DateTimeField()
    cutoff_at = models.DateTimeField(null=True, blank=True)
    sandbox_epoch = models.PositiveBigIntegerField(default=1)
    production_epoch = models.PositiveBigIntegerField(default=1)
    sandbox_contained = models.BooleanField(default=False)
    production_contained = models.BooleanField(default=False)
    contained_by = models.CharField(max_length=100, blank=True)
    sandbox_contained_by = models.CharField(max_length=100, blank=True)
    production_contained_by = models.CharField(max_length=100, blank=True)
    submitted_by = models.CharField(max_length=100, blank=True)
    evidence = models.TextField(max_length=4000, blank=True)

    preset = models.CharField(max_length=32, default="baseline")
    sandbox_review = models.CharField(max_length=16, choices=Review.choices, default=Review.AUTOMATIC)
    production_review = models.CharField(max_length=16, choices=Review.choices, default=Review.ONE_PERSON)
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(State)), name="organization_state_is_known"),
            models.UniqueConstraint(
                fields=["is_operator"], condition=Q(is_operator=True), name="one_operator_organization"
            ),
            models.UniqueConstraint(
                fields=["registration_scheme", "country", "registration_number"],
                name="organization_is_registered_once",
            ),
        ]
        indexes = [
            models.Index(fields=["display_name", "id"], name="organization_by_name"),
            models.Index(fields=["state", "state_since"], name="organization_by_state"),
            GinIndex(fields=["name_skeletons"], name="organization_by_skeleton"),
        ]

    def __str__(self) -> str:
        return self.display_name


class Contact(models.Model):
    """Whom to reach for one kind of question; functions rather than persons."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="contacts")
    kind = models.CharField(max_length=16, choices=ContactKind.choices)
    name = models.CharField(max_length=200)
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind"], name="one_contact_of_each_kind")
        ]


class Entitlement(models.Model):
    """A role that an organization holds: the scopes and grant types its clients may use."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="entitlements")
    role = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=128))
    default_scopes = ArrayField(models.CharField(max_length=128), default=list)
    grant_types = ArrayField(models.CharField(max_length=64))
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "role"], name="organization_holds_a_role_once")
        ]


class Quota(models.Model):
    """How many of each an organization may hold in one environment."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="quotas")
    environment = models.CharField(max_length=16, choices=_environments)
    clients = models.PositiveIntegerField(default=20)
    keys_per_client = models.PositiveIntegerField(default=10)
    initial_access_tokens = models.PositiveIntegerField(default=10)
    registrations_per_hour = models.PositiveIntegerField(default=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "environment"], name="one_quota_per_environment")
        ]


class ProvedDomain(models.Model):
    """A DNS name that an organization showed to be its own; hosts at or under it may receive codes.

    challenge      what has to stay visible at the domain; "" for one that staff attest
    next_check_at  None for one that nobody looks after again
    missing_since  since when every look that had an answer found it gone
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="proved_domains")
    domain = models.CharField(max_length=253)
    proof = models.CharField(max_length=16, choices=DomainProof.choices)
    evidence = models.CharField(max_length=1000)
    challenge = models.CharField(max_length=32, blank=True, default="", db_default="")
    proved_by = models.CharField(max_length=100)
    proved_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain"], condition=Q(ended_at=None), name="a_domain_belongs_to_one_organization"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                condition=Q(ended_at=None, next_check_at__isnull=False),
                name="proved_domain_by_check",
            )
        ]


class DomainChallenge(models.Model):
    """What an organization has to publish at a domain to prove it: 128 random bits that are public from then on.

    found  why the last look did not see it, for its page
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="domain_challenges")
    domain = models.CharField(max_length=253)
    challenge = models.CharField(max_length=32)
    created_by = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    found = models.CharField(max_length=500, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "domain"],
                condition=Q(ended_at=None),
                name="one_open_challenge_for_a_domain",
            )
        ]

    @property
    def sign(self) -> Sign:
        return Sign(self.domain, self.organization.slug, self.challenge)
