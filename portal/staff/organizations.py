"""Organizations: the list, a new one, and the tabs of one."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal import client_lists, listing, token_rows
from portal.authn import actor_of, viewer_of
from portal.listing import Column, counted
from portal.log import timeline
from portal.permissions import Act, may, requires
from portal.staff import acts, forms, organization_page
from portal.staff.organization_page import client_row, event_address, facts, head, log_days
from registry import clock, domain_proofs, onboarding, queries
from registry.organization_facts import ContactFacts, EntitlementFacts, OrganizationFacts, QuotaFacts
from registry.queries import OrganizationRow

COLUMNS = (
    Column("Organization", "organization"),
    Column("State", "state"),
    Column("Roles"),
    Column("Clients", "clients", num=True),
    Column("Attention"),
    Column("Sponsor"),
    Column("Agreement ends"),
)
CLIENT_COLUMNS = (
    Column("Client", "client"),
    Column("State", "state"),
    Column("Environment"),
    Column("Route"),
    Column("Keys", "keys", num=True),
    Column("Last used", "used"),
)
EVENTS_SHOWN = 50


@requires(Act.READ)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Who are our partners, and in what state?"""
    query, viewer = listing.Query(request), viewer_of(request)
    asked, sort = _asked(query), query.choice("sort", listing.sort_values(COLUMNS))
    total = queries.organizations(viewer).count()
    found = queries.organizations_found(viewer, sort=sort, **asked)
    page = listing.page(query, found, None if any(asked.values()) else total)
    context = {
        "summary": f"{counted(total, 'organization').capitalize()}.",
        "filters": _filters(query, asked, f"{page.total} of {counted(total, 'organization')}"),
        "columns": listing.table_head(query, COLUMNS, sort),
        "may_create": may(request, Act.ONBOARD),
    }
    shown = {"organizations": [_row(row) for row in page.rows], "pager": page.pager, "any": total > 0}
    return render(request, "staff/organizations/list.html", context | shown)


def _asked(query: listing.Query) -> dict[str, str]:
    return {"search": query.text("q"), "state": query.choice("state", dict(listing.STATE_OPTIONS))}


def _filters(query: listing.Query, asked: Mapping[str, str], sentence: str) -> dict[str, Any]:
    fields = [
        listing.search(asked["search"], "Name, registration number, domain"),
        listing.select("state", "State", asked["state"], listing.STATE_OPTIONS),
    ]
    return listing.filter_bar(query, fields, sentence)


def _row(row: Any) -> dict[str, Any]:
    return {
        **facts(row),
        "roles": [entitlement.role.replace("_", " ") for entitlement in row.entitlements.all()],
        "client_count": row.clients_total,
        "attention": _attention(row),
    }


def _attention(row: OrganizationRow) -> dict[str, str] | None:
    contained = organization_page.contained_environments(row)
    if row.state == "suspended":
        return {"tone": "stop", "symbol": "pause", "text": "contained; restore waits for another person"}
    if contained:
        return {"tone": "stop", "symbol": "pause", "text": f"{' and '.join(contained)} contained"}
    if row.state == "pending":
        return {"tone": "info", "symbol": "clock", "text": "waits for approval"}
    return None


@requires(Act.ONBOARD)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an organization as a draft."""
    sponsors = [(str(user.pk), str(user)) for user in queries.staff(viewer_of(request))]
    form = acts.bound(request, forms.OrganizationForm, sponsors=sponsors)
    return acts.answer(
        request,
        form,
        lambda data: onboarding.create_organization(
            _facts_of(form, data), actor=actor_of(request), now=clock.now()
        ),
        lambda: render(request, "staff/organizations/new.html", {"form": form}),
        done="Created as a draft. Next: attest its domains, then submit it for approval.",
        to=lambda data: reverse("staff:organization", args=[data["slug"]]),
    )


def _facts_of(form: forms.OrganizationForm, data: Mapping[str, Any]) -> OrganizationFacts:
    said = "legal_name display_name slug registration_scheme registration_number country website contract_end"
    reviews = "sandbox_review production_review preset"
    return OrganizationFacts(
        **{name: data[name] for name in f"{said} {reviews}".split()},
        sponsor_id=data["sponsor"] or None,
        contacts=[ContactFacts(kind, "", email) for kind, email in form.contacts.items()],
        entitlements=[
            EntitlementFacts(
                data["role"], data["scopes"], data["grant_types"], default_scopes=data["default_scopes"]
            )
        ],
        quotas=[
            QuotaFacts("sandbox", data["sandbox_clients"]),
            QuotaFacts("production", data["production_clients"]),
        ],
    )


@requires(Act.READ)
@require_safe
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is accountable, and what do they hold?"""
    viewer = viewer_of(request)
    row, context = head(request, slug)
    held = list(queries.entitlements(viewer, slug))
    context["organization"] |= {"grant_types": sorted({grant for e in held for grant in e.grant_types})}
    context |= _limits(request, slug) | {
        "entitlements": _matrix(held, queries.clients_by_scope(viewer, slug)),
        "roles": held,
        "entries": timeline(queries.organization_events(viewer, slug)[:EVENTS_SHOWN], event_address),
        "contacts": queries.contacts(viewer, slug),
        "approvals": _approvals(request, row),
    }
    return render(request, "staff/organizations/overview.html", context)


def _limits(request: HttpRequest, slug: str) -> dict[str, Any]:
    return {"quotas": _quotas(request, slug), "terms": _terms(request, slug)}


def _terms(request: HttpRequest, slug: str) -> str:
    """What it accepted last, or what waits, in words; "" where no terms were ever published."""
    standing = queries.terms_standing(viewer_of(request), slug, clock.now())
    if standing.outstanding is not None:
        return f"version {standing.outstanding.version} not accepted; production is closed to new clients"
    if not standing.accepted:
        return ""
    last = standing.accepted[0]
    return f"version {last.terms.version}, by {last.person_name}, {last.accepted_at:%d %b %Y}"


def _quotas(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    return [
        {"name": f"{use.name.capitalize()}, {use.environment}", "used": use.used, "limit": use.limit}
        for use in queries.quota_use(viewer_of(request), slug, clock.now())
    ]


def _matrix(held: list[Any], clients: Mapping[str, int]) -> list[dict[str, Any]]:
    roles: dict[str, list[str]] = {}
    for entitlement in held:
        for scope in entitlement.scopes:
            roles.setdefault(scope, []).append(entitlement.role)
    return [
        {"scope": scope, "roles": names, "client_count": clients.get(scope, 0)}
        for scope, names in sorted(roles.items())
    ]


def _approvals(request: HttpRequest, row: OrganizationRow) -> dict[str, Any] | None:
    if row.state != "pending":
        return None
    names = queries.actor_names(viewer_of(request), [row.submitted_by])
    return {"sentence": f"submitted by {names[row.submitted_by]}; waits for a decision", "given": []}


@requires(Act.READ)
@require_safe
def clients(request: HttpRequest, slug: str) -> HttpResponse:
    """The clients of one organization, and the tokens that let it register more."""
    query, (_, context) = listing.Query(request), head(request, slug)
    asked, sort = client_lists.asked(query), query.choice("sort", listing.sort_values(CLIENT_COLUMNS))
    found = queries.clients_found(viewer_of(request), slug=slug, sort=sort, **asked)
    page = listing.page(query, found)
    context |= {
        "filters": listing.filter_bar(query, client_lists.fields(asked), counted(page.total, "client")),
        "clients": [client_row(row) for row in page.rows],
        "columns": listing.table_head(query, CLIENT_COLUMNS, sort),
        "pager": page.pager,
        "tokens": token_rows.listed(request, slug),
    }
    return render(request, "staff/organizations/clients.html", context)


@requires(Act.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def domains(request: HttpRequest, slug: str) -> HttpResponse:
    """Proved domains; a partner manager may attest one more."""
    if request.method == "POST":
        return attest(request, slug=slug)
    return _domains_page(request, slug, forms.AttestForm() if may(request, Act.ONBOARD) else None)


@requires(Act.ONBOARD)
def attest(request: HttpRequest, slug: str) -> HttpResponse:
    """Vouch that a domain belongs to the organization."""
    row = queries.organization(viewer_of(request), slug)
    form = acts.bound(request, forms.AttestForm)
    return acts.answer(
        request,
        form,
        lambda data: domain_proofs.attest_domain(row.pk, **data, actor=actor_of(request), now=clock.now()),
        lambda: _domains_page(request, slug, form),
        done="Attested. Redirection URIs at or under it are acceptable now.",
        to=reverse("staff:organization_domains", args=[slug]),
    )


def _domains_page(request: HttpRequest, slug: str, form: forms.AttestForm | None) -> HttpResponse:
    viewer = viewer_of(request)
    _, context = head(request, slug)
    proved = list(queries.proved_domains(viewer, slug))
    relying = queries.clients_by_domain(viewer, slug, [domain.domain for domain in proved])
    names = queries.actor_names(viewer, [domain.proved_by for domain in proved])
    context["form"] = form
    context["waiting"] = queries.domain_challenges(viewer, slug, clock.now())
    context["domains"] = [
        {
            "name": domain.domain,
            "proof": f"{domain.get_proof_display()}: {domain.evidence}",
            "by": names[domain.proved_by],
            "at": domain.proved_at,
            "checked_at": domain.checked_at,
            "missing_since": domain.missing_since,
            "client_count": relying.get(domain.domain, 0),
        }
        for domain in proved
    ]
    return render(request, "staff/organizations/domains.html", context)


@requires(Act.READ)
@require_safe
def audit(request: HttpRequest, slug: str) -> HttpResponse:
    """What happened to the organization itself and to everything of it."""
    query, viewer = listing.Query(request), viewer_of(request)
    row, context = head(request, slug)
    page = listing.page(query, queries.audit_events(viewer, organization=row.pk))
    context |= {
        "sentence": counted(page.total, "event"),
        "days": log_days(page.rows),
        "pager": page.pager,
        "search_href": f"{reverse('staff:audit')}?organization={slug}",
    }
    return render(request, "staff/organizations/audit.html", context)
