"""Organizations: record, approval, containment, domains, entitlements."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.permissions import NotOneself
from portal.api.resource import Listing, Resource
from portal.api.schema import documented
from portal.api.scopes import Scope
from portal.api.shapes import organizations as shapes
from portal.api.shapes.base import OptionalReason, Paged
from registry import lifecycle, onboarding, queries
from registry.actors import Viewer
from registry.onboarding import EntitlementFacts
from registry.states import Environment


def in_full(viewer: Viewer, slug: str) -> dict[str, Any]:
    """The organization as it is now."""
    return dict(shapes.Organization(queries.organization_in_full(viewer, slug)).data)


class Guarded(Resource):
    """An address below one organization, which is not the caller's own when something is written."""

    permission_classes = (NotOneself,)

    def target(self, slug: str) -> queries.OrganizationRow:
        """The organization to change. Raises NotFound, or RoleForbids for the caller's own."""
        found = queries.organization(self.viewer, slug)
        self.guard(found.pk)
        return found

    def answer(self, slug: str) -> Response:
        return Response(in_full(self.viewer, slug))


class Organizations(Listing):
    scopes = {"GET": Scope.ORGANIZATIONS_READ, "POST": Scope.ORGANIZATIONS_WRITE}
    order = "slug"

    @documented(
        "List organizations", shapes.OrganizationSummary(many=True), filters=shapes.OrganizationFilters
    )
    def get(self, request: Request) -> Response:
        wanted = self.asked(shapes.OrganizationFilters)
        found = queries.organizations_found(self.viewer, **wanted)
        return self.page(found, shapes.OrganizationSummary)

    @documented(
        "Create an organization",
        shapes.Organization,
        reads=shapes.OrganizationDraft,
        status=201,
        refuses=(409,),
    )
    def post(self, request: Request) -> Response:
        members = self.body(shapes.OrganizationDraft)
        sponsor = members.get("sponsor")
        sponsor_id = queries.staff_id(self.viewer, sponsor) if sponsor else None
        made = onboarding.create_organization(
            shapes.organization_facts(members, sponsor_id=sponsor_id), **self.act
        )
        where = reverse("api:organization", args=[made.slug])
        return Response(in_full(self.viewer, made.slug), status=201, headers={"Location": where})


class Organization(Guarded):
    scopes = {"GET": Scope.ORGANIZATIONS_READ, "PATCH": Scope.ORGANIZATIONS_WRITE}

    @documented("Read an organization", shapes.Organization, refuses=(404,))
    def get(self, request: Request, slug: str) -> Response:
        return self.answer(slug)

    @documented(
        "Change facts about an organization",
        shapes.Organization,
        reads=shapes.OrganizationChanges,
        refuses=(404,),
    )
    def patch(self, request: Request, slug: str) -> Response:
        target, changes = self.target(slug), self.body(shapes.OrganizationChanges)
        if not changes:
            raise ValidationError({"": [ErrorDetail("", "required")]})
        onboarding.change_organization(target.pk, changes, **self.act)
        return self.answer(slug)


class Submit(Guarded):
    scopes = {"POST": Scope.ORGANIZATIONS_WRITE}

    @documented(
        "Ask for the approval of an organization",
        shapes.Organization,
        reads=shapes.Submission,
        refuses=(404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.Submission)
        lifecycle.submit_organization(target.pk, **said, **self.act)
        return self.answer(slug)


class Approve(Guarded):
    scopes = {"POST": Scope.ORGANIZATIONS_APPROVE}

    @documented(
        "Approve an organization that somebody else submitted",
        shapes.Organization,
        reads=OptionalReason,
        refuses=(404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(OptionalReason)
        four_eyes = settings.REGISTRY.organization_needs_four_eyes
        lifecycle.approve_organization(target.pk, four_eyes=four_eyes, **said, **self.act)
        return self.answer(slug)


class Contain(Guarded):
    """The one act that is open against one's own organization, too: stopping is never the wrong side."""

    scopes = {"POST": Scope.ORGANIZATIONS_CONTAIN}

    @documented(
        "Stop everything of an organization, or of one environment of it",
        shapes.Organization,
        reads=shapes.Cutoff,
        refuses=(404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = queries.organization(self.viewer, slug), self.body(shapes.Cutoff)
        if "environment" in said:
            environment = Environment(said["environment"])
            lifecycle.contain_environment(target.pk, environment, reason=said["reason"], **self.act)
        else:
            lifecycle.contain_organization(target.pk, reason=said["reason"], **self.act)
        return self.answer(slug)


class Restore(Guarded):
    scopes = {"POST": Scope.ORGANIZATIONS_RESTORE}

    @documented(
        "End a containment that somebody else began",
        shapes.Organization,
        reads=shapes.Cutoff,
        refuses=(404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.Cutoff)
        if "environment" in said:
            environment = Environment(said["environment"])
            lifecycle.restore_environment(target.pk, environment, reason=said["reason"], **self.act)
        else:
            lifecycle.restore_organization(target.pk, reason=said["reason"], **self.act)
        return self.answer(slug)


class Domains(Listing, Guarded):
    scopes = {"GET": Scope.ORGANIZATIONS_READ, "POST": Scope.ORGANIZATIONS_WRITE}
    order = "domain"

    @documented(
        "List the proved domains of an organization",
        shapes.ProvedDomain(many=True),
        filters=Paged,
        refuses=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        self.asked(Paged)
        return self.page(queries.proved_domains(self.viewer, slug), shapes.ProvedDomain)

    @documented(
        "Attest that a domain is the organization's own",
        shapes.ProvedDomain,
        reads=shapes.Attestation,
        status=201,
        refuses=(404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.Attestation)
        proved = onboarding.attest_domain(target.pk, **said, **self.act)
        return Response(shapes.ProvedDomain(proved).data, status=201)


class Entitlements(Listing, Guarded):
    scopes = {"GET": Scope.ORGANIZATIONS_READ, "POST": Scope.ORGANIZATIONS_WRITE}
    order = "role"

    @documented(
        "List the entitlements of an organization",
        shapes.Entitlement(many=True),
        filters=Paged,
        refuses=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        self.asked(Paged)
        return self.page(queries.entitlements(self.viewer, slug), shapes.Entitlement)

    @documented(
        "Grant a role, or replace what a role holds",
        shapes.Entitlement,
        reads=shapes.Entitlement,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, facts = self.target(slug), EntitlementFacts(**self.body(shapes.Entitlement))
        granted = onboarding.grant_entitlement(target.pk, facts, **self.act)
        return Response(shapes.Entitlement(granted).data)
