"""What an organization holds: proved domains, entitlements, quotas. A change of them is an edition of it."""

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.resource import Listing
from portal.api.schema import documented, writing
from portal.api.scopes import Scope
from portal.api.shapes import organizations as shapes
from portal.api.shapes.base import Paged
from portal.api.views.organizations import Guarded
from registry import clock, domain_proofs, onboarding, queries
from registry.organization_facts import EntitlementFacts, QuotaFacts


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

    @writing(
        "Attest that a domain is the organization's own",
        shapes.ProvedDomain,
        reads=shapes.Attestation,
        status=201,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.Attestation)
        with self.as_seen(target):
            proved = domain_proofs.attest_domain(target.pk, **said, **self.act)
        return self.told(shapes.ProvedDomain, proved, status=201)


class DomainEnd(Guarded):
    scopes = {"POST": Scope.ORGANIZATIONS_WRITE}

    @writing(
        "End the proof of a domain; clients that rely on it go on, and the rule objects to them",
        shapes.ProvedDomain,
        reads=shapes.DomainEnd,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.DomainEnd)
        with self.as_seen(target):
            ended = domain_proofs.end_domain(target.pk, **said, **self.act)
        return self.told(shapes.ProvedDomain, ended)


class DomainChallenges(Listing, Guarded):
    scopes = {"GET": Scope.ORGANIZATIONS_READ, "POST": Scope.ORGANIZATIONS_WRITE}
    order = "id"

    @documented(
        "List the domains whose proof was begun",
        shapes.DomainChallenge(many=True),
        filters=Paged,
        refuses=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        self.asked(Paged)
        return self.page(queries.domain_challenges(self.viewer, slug, clock.now()), shapes.DomainChallenge)

    @writing(
        "Begin the proof of a domain: what to publish there",
        shapes.DomainChallenge,
        reads=shapes.DomainName,
        status=201,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.DomainName)
        with self.as_seen(target):
            begun = domain_proofs.ask_for_challenge(target.pk, **said, **self.act)
        return self.told(shapes.DomainChallenge, begun, status=201)


class DomainProof(Guarded):
    scopes = {"POST": Scope.ORGANIZATIONS_WRITE}

    @writing(
        "Look for what was to be published, and hold the domain proved if it is there",
        shapes.ProvedDomain,
        reads=shapes.DomainProof,
        status=201,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.DomainProof)
        challenge = domain_proofs.look_for(target.pk, **said, now=clock.now())
        with self.as_seen(target):
            proved = domain_proofs.hold_proved(challenge, said["method"], **self.act)
        return self.told(shapes.ProvedDomain, proved, status=201)


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

    @writing(
        "Grant a role, or replace what a role holds",
        shapes.Entitlement,
        reads=shapes.Entitlement,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, facts = self.target(slug), EntitlementFacts(**self.body(shapes.Entitlement))
        with self.as_seen(target):
            granted = onboarding.grant_entitlement(target.pk, facts, **self.act)
        return self.told(shapes.Entitlement, granted)


class EntitlementEnd(Guarded):
    scopes = {"POST": Scope.ORGANIZATIONS_WRITE}

    @writing(
        "Withdraw a role: from the next token on clients do without its scopes and grants",
        shapes.Entitlement,
        reads=shapes.RoleEnd,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, said = self.target(slug), self.body(shapes.RoleEnd)
        with self.as_seen(target):
            withdrawn = onboarding.withdraw_entitlement(target.pk, **said, **self.act)
        return self.told(shapes.Entitlement, withdrawn)


class Quotas(Listing, Guarded):
    scopes = {"GET": Scope.ORGANIZATIONS_READ, "POST": Scope.ORGANIZATIONS_WRITE}
    order = "environment"

    @documented(
        "List the quotas of an organization, and what is used of each",
        shapes.QuotaStanding(many=True),
        filters=Paged,
        refuses=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        self.asked(Paged)
        return self.page(queries.quotas_in_use(self.viewer, slug, clock.now()), shapes.QuotaStanding)

    @writing(
        "Set the quotas of an organization in one environment, all of them",
        shapes.QuotaLimits,
        reads=shapes.QuotaLimits,
        refuses=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        target, facts = self.target(slug), QuotaFacts(**self.body(shapes.QuotaLimits))
        with self.as_seen(target):
            quota = onboarding.set_quota(target.pk, facts, **self.act)
        return self.told(shapes.QuotaLimits, quota)
