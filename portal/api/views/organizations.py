"""Organizations: record, approval, containment, end."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import conditions
from portal.api.permissions import NotOneself
from portal.api.resource import Listing, Resource
from portal.api.schema import documented, writing
from portal.api.scopes import Scope
from portal.api.shapes import organizations as shapes
from portal.api.shapes.base import OptionalReason, Reason
from registry import lifecycle, onboarding, preconditions, queries
from registry.states import Environment


class Guarded(Resource):
    """An address below one organization, which is not the caller's own when something is written."""

    permission_classes = (NotOneself,)

    def target(self, slug: str) -> queries.OrganizationRow:
        """The organization to change. Raises NotFound, or RoleForbids for the caller's own."""
        found = queries.organization(self.viewer, slug)
        self.guard(found.pk)
        return found

    def as_seen(self, target: queries.OrganizationRow) -> AbstractContextManager[None]:
        """The block changes the organization, or what belongs to it, as the caller saw it."""
        return preconditions.organization_as_seen(target.pk, self.seen)

    def sponsor_of(self, members: Mapping[str, Any]) -> UUID | None:
        """The staff person whose address a body names, if it names one. Raises InvalidInput."""
        address = members.get("sponsor")
        return queries.staff_id(self.viewer, address) if address else None

    def answer(self, slug: str, **options: Any) -> Response:
        """The organization as it is now, with its ETag."""
        row = queries.organization_in_full(self.viewer, slug)
        return self.told(shapes.Organization, row, preconditions.edition(row), **options)


class Organizations(Guarded, Listing):
    scopes = {"GET": Scope.ORGANIZATIONS_READ, "POST": Scope.ORGANIZATIONS_WRITE}
    order = "slug"

    @documented(
        "List organizations", shapes.OrganizationSummary(many=True), filters=shapes.OrganizationFilters
    )
    def get(self, request: Request) -> Response:
        wanted = self.asked(shapes.OrganizationFilters)
        return self.page(queries.organizations_listed(self.viewer, **wanted), shapes.OrganizationSummary)

    @writing(
        "Create an organization",
        shapes.Organization,
        reads=shapes.OrganizationDraft,
        status=201,
        edition=True,
        binds=False,
    )
    def post(self, request: Request) -> Response:
        members = self.body(shapes.OrganizationDraft)
        sponsor_id = self.sponsor_of(members)
        made = onboarding.create_organization(
            shapes.organization_facts(members, sponsor_id=sponsor_id), **self.act
        )
        where = reverse("api:organization", args=[made.slug])
        return self.answer(made.slug, status=201, headers={"Location": where})


class Organization(Guarded):
    scopes = {"GET": Scope.ORGANIZATIONS_READ, "PATCH": Scope.ORGANIZATIONS_WRITE}

    @documented("Read an organization", shapes.Organization, refuses=(404,), edition=True)
    def get(self, request: Request, slug: str) -> Response:
        self.asked()
        return self.answer(slug)

    @writing(
        "Change facts about an organization",
        shapes.Organization,
        reads=shapes.OrganizationChanges,
        refuses=(404,),
        edition=True,
    )
    def patch(self, request: Request, slug: str) -> Response:
        target, changes = self.target(slug), self.body(shapes.OrganizationChanges)
        if not changes:
            raise ValidationError({"": [ErrorDetail("", "required")]})
        columns = shapes.organization_changes(changes, sponsor_id=self.sponsor_of(changes))
        with self.as_seen(target):
            onboarding.change_organization(target.pk, columns, **self.act)
        return self.answer(slug)


class Submit(Guarded):
    scopes = {"POST": Scope.ORGANIZATIONS_WRITE}

    @writing(
        "Ask for the approval of an organization",
        shapes.Organization,
        reads=shapes.Submission,
        refuses=(404,),
        edition=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.Submission)
        with self.as_seen(target):
            lifecycle.submit_organization(target.pk, **said, **self.act)
        return self.answer(slug)


class Approve(Guarded):
    scopes = {"POST": Scope.ORGANIZATIONS_APPROVE}

    @writing(
        "Approve an organization that somebody else submitted",
        shapes.Organization,
        reads=OptionalReason,
        refuses=(404,),
        edition=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(OptionalReason)
        four_eyes = settings.REGISTRY.organization_needs_four_eyes
        with self.as_seen(target):
            lifecycle.approve_organization(target.pk, four_eyes=four_eyes, **said, **self.act)
        return self.answer(slug)


class Reject(Guarded):
    scopes = {"POST": Scope.ORGANIZATIONS_APPROVE}

    @writing(
        "Send an organization that waits for approval back to draft",
        shapes.Organization,
        reads=Reason,
        refuses=(404,),
        edition=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(Reason)
        with self.as_seen(target):
            lifecycle.reject_organization(target.pk, **said, **self.act)
        return self.answer(slug)


class Contain(Guarded):
    """The one act that is open against one's own organization, too: stopping is never the wrong side."""

    scopes = {"POST": Scope.ORGANIZATIONS_CONTAIN}
    stops = True

    @writing(
        "Stop everything of an organization, or of one environment of it",
        shapes.Organization,
        reads=shapes.Cutoff,
        refuses=(404,),
        edition=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = queries.organization(self.viewer, slug), self.body(shapes.Cutoff)
        with self.as_seen(target):
            if "environment" in said:
                environment = Environment(said["environment"])
                lifecycle.contain_environment(target.pk, environment, reason=said["reason"], **self.act)
            else:
                lifecycle.contain_organization(target.pk, reason=said["reason"], **self.act)
        return self.answer(slug)


class Restore(Guarded):
    scopes = {"POST": Scope.ORGANIZATIONS_RESTORE}

    @writing(
        "End a containment that somebody else began",
        shapes.Organization,
        reads=shapes.Cutoff,
        refuses=(404,),
        edition=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.Cutoff)
        with self.as_seen(target):
            if "environment" in said:
                environment = Environment(said["environment"])
                lifecycle.restore_environment(target.pk, environment, reason=said["reason"], **self.act)
            else:
                lifecycle.restore_organization(target.pk, reason=said["reason"], **self.act)
        return self.answer(slug)


class Revoke(Guarded):
    """Final: only what somebody else contained, and only as it was seen (docs/adr/0011)."""

    scopes = {"POST": Scope.ORGANIZATIONS_CONTAIN}

    @writing(
        "End the relation with an organization for good, after somebody else contained it",
        shapes.Organization,
        reads=Reason,
        refuses=(404,),
        edition=True,
        binds=None,
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said, seen = self.target(slug), self.body(Reason), conditions.seen_at_all(request)
        four_eyes = settings.REGISTRY.organization_needs_four_eyes
        with preconditions.organization_as_seen(target.pk, seen):
            lifecycle.revoke_organization(target.pk, four_eyes=four_eyes, **said, **self.act)
        return self.answer(slug)
