"""The terms of the registry in their versions, and who accepted which for an organization."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from .organizations import Organization
from .people import User


class TermsVersion(models.Model):
    """One version of the terms: its text, or where the document lies, and the hash by which it is known.

    It asks for acceptance from `effective_at` on; until then it is announced. Published versions never change.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    version = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=200)
    text = models.TextField(max_length=200_000, blank=True)
    url = models.URLField(max_length=500, blank=True)
    sha256 = models.CharField(max_length=64)
    effective_at = models.DateTimeField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(text="", url__gt="") | Q(text__gt="", url=""), name="terms_are_text_or_address"
            ),
            models.UniqueConstraint(fields=["effective_at"], name="one_version_of_the_terms_an_instant"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"


class TermsAcceptance(models.Model):
    """A person accepted one version for their organization: what they read is named by its hash."""

    terms = models.ForeignKey(TermsVersion, on_delete=models.PROTECT, related_name="acceptances")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    person_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "terms"], name="an_organization_accepts_a_version_once"
            )
        ]
