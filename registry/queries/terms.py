"""The terms: which version is asked for now, and who accepted what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from registry.actors import Viewer
from registry.errors import NotFound
from registry.models import Organization, TermsAcceptance, TermsVersion
from registry.queries.records import id_of
from registry.states import FINAL_STATES


@dataclass(frozen=True, slots=True)
class TermsStanding:
    """What the terms ask of one organization.

    outstanding  the version that is asked for now and was not accepted, nor a later one; None when nothing is
    announced    versions that will be asked for and were not accepted, the nearest first
    accepted     what was accepted, the newest first
    """

    outstanding: TermsVersion | None
    announced: Sequence[TermsVersion]
    accepted: Sequence[TermsAcceptance]


def terms_versions() -> QuerySet[TermsVersion, TermsVersion]:
    """Every version, the latest effective first; `accepted` counts organizations. The terms are public."""
    return TermsVersion.objects.annotate(accepted=Count("acceptances")).order_by("-effective_at")


def terms_version(version: str) -> TermsVersion:
    """Raises NotFound."""
    found = TermsVersion.objects.filter(version=version).first()
    if found is None:
        raise NotFound("There is no such version of the terms.")
    return found


def terms_in_force(now: datetime) -> TermsVersion | None:
    """The version that is asked for at this instant."""
    return TermsVersion.objects.filter(effective_at__lte=now).order_by("-effective_at").first()


def terms_standing(viewer: Viewer, slug: str, now: datetime) -> TermsStanding:
    """Raises NotFound for an organization that is not the viewer's."""
    rows = TermsAcceptance.objects.filter(organization=id_of(viewer, slug)).select_related("terms")
    accepted = list(rows.order_by("-accepted_at"))
    latest = max((row.terms.effective_at for row in accepted), default=None)
    current = terms_in_force(now)
    covered = current is None or (latest is not None and latest >= current.effective_at)
    coming = TermsVersion.objects.filter(effective_at__gt=now).order_by("effective_at")
    announced = coming.exclude(pk__in=[row.terms_id for row in accepted])
    return TermsStanding(None if covered else current, list(announced), accepted)


def organizations_owing_terms(viewer: Viewer, now: datetime) -> QuerySet[Organization]:
    """Living organizations that have not accepted what is asked for now; none for a partner."""
    current = terms_in_force(now)
    if current is None or not viewer.sees_everything:
        return Organization.objects.none()
    covered = TermsAcceptance.objects.filter(terms__effective_at__gte=current.effective_at)
    living = Organization.objects.exclude(state__in=FINAL_STATES).exclude(is_operator=True)
    return living.exclude(pk__in=covered.values("organization")).order_by("display_name", "pk")
