"""Changes of what is known of an organization and of what it holds, each bound to the edition that was seen."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.authn import actor_of, viewer_of
from portal.listing import counted
from portal.permissions import Act, requires
from portal.staff import acts, fact_forms
from portal.staff.organization_acts import page_of
from portal.staff.organization_page import facts
from registry import clock, domain_proofs, onboarding, preconditions, queries
from registry.errors import InvalidInput, NotFound
from registry.organization_facts import ContactFacts
from registry.queries import OrganizationRow
from registry.states import Environment

act_methods = require_http_methods(["GET", "HEAD", "POST"])
Write = Callable[..., object]


def _bound_write(
    request: HttpRequest, row: OrganizationRow, form: fact_forms.SeenForm, write: Write
) -> object:
    """One write by the person of this request, if the organization is still what they saw."""
    with preconditions.organization_as_seen(row.pk, {form.cleaned_data["seen"]}):
        return write(row.pk, actor=actor_of(request), reason=form.said, now=clock.now())


def _page(
    request: HttpRequest, row: OrganizationRow, form: fact_forms.SeenForm, template: str, **context: Any
) -> HttpResponse:
    shown = {"organization": facts(row), "form": form, "stale": _stale(request, row, form), **context}
    return render(request, f"staff/organizations/{template}.html", shown)


def _stale(request: HttpRequest, row: OrganizationRow, form: fact_forms.SeenForm) -> str:
    """Who changed it since this form was shown, or ""."""
    if not form.is_stale:
        return ""
    event = queries.organization_events(viewer_of(request), row.slug).first()
    return f"{event.actor_label} changed {row} at {event.at:%H:%M:%S} UTC. Nothing of that was overwritten."


@requires(Act.ONBOARD)
@act_methods
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the facts, the sponsor and the contacts of an organization."""
    row, viewer = queries.organization(viewer_of(request), slug), viewer_of(request)
    held = [ContactFacts(c.kind, c.name, c.email, c.phone) for c in queries.contacts(viewer, slug)]
    sponsors = [(str(user.pk), str(user)) for user in queries.staff(viewer) if user.is_active]
    form = acts.bound(request, fact_forms.FactsForm, row=row, contacts=held, sponsors=sponsors)
    return acts.answer(
        request,
        form,
        lambda _: _bound_write(request, row, form, partial(_change, form.changes)),
        lambda: _page(request, row, form, "edit"),
        done="Changed. The log keeps what it was before.",
        to=page_of(row),
    )


def _change(changes: Mapping[str, Any], organization_id: Any, **by: Any) -> object:
    if not changes:
        raise InvalidInput("Nothing differs from what is recorded.", fix="Change something, or go back.")
    return onboarding.change_organization(organization_id, changes, **by)


@requires(Act.ONBOARD)
@acts.with_fresh_factor
@act_methods
def grant(request: HttpRequest, slug: str) -> HttpResponse:
    """Give an organization one more role."""
    row = queries.organization(viewer_of(request), slug)
    form = acts.bound(request, fact_forms.EntitlementForm, row=row)
    return acts.answer(
        request,
        form,
        lambda _: _grant_new(request, row, form),
        lambda: _page(request, row, form, "entitlement", role="", step_up=acts.FRESH_FACTOR),
        done=lambda data: f"{row} holds the role {data['role']} now.",
        to=page_of(row),
    )


def _grant_new(request: HttpRequest, row: OrganizationRow, form: fact_forms.EntitlementForm) -> object:
    if queries.entitlements(viewer_of(request), row.slug).filter(role=form.facts.role).exists():
        raise InvalidInput("It holds this role already.", fix="Change that one instead.")
    return _bound_write(request, row, form, partial(_grant, form))


def _grant(form: fact_forms.EntitlementForm, organization_id: Any, **by: Any) -> object:
    return onboarding.grant_entitlement(organization_id, form.facts, **by)


@requires(Act.ONBOARD)
@acts.with_fresh_factor
@act_methods
def entitlement(request: HttpRequest, slug: str, role: str) -> HttpResponse:
    """Change the scopes and grants of a role that it holds."""
    row, held = _held(request, slug, role)
    form = acts.bound(request, fact_forms.EntitlementForm, row=row, held=held)
    return acts.answer(
        request,
        form,
        lambda _: _bound_write(request, row, form, partial(_grant, form)),
        lambda: _page(request, row, form, "entitlement", role=role, step_up=acts.FRESH_FACTOR),
        done=f"The role {role} is changed; tokens follow from the next one on.",
        to=page_of(row),
    )


def _held(request: HttpRequest, slug: str, role: str) -> tuple[OrganizationRow, queries.EntitlementRow]:
    row = queries.organization(viewer_of(request), slug)
    held = queries.entitlements(viewer_of(request), slug).filter(role=role).first()
    if held is None:
        raise NotFound("It does not hold this role.")
    return row, held


@requires(Act.ONBOARD)
@acts.with_fresh_factor
@act_methods
def withdraw(request: HttpRequest, slug: str, role: str) -> HttpResponse:
    """Take a role away."""
    row, held = _held(request, slug, role)
    form = acts.bound(request, fact_forms.SeenForm, row=row)
    shown = {"role": role, "step_up": acts.FRESH_FACTOR, "consequences": _withdrawing(request, slug, held)}
    return acts.answer(
        request,
        form,
        lambda _: _bound_write(request, row, form, partial(_withdraw, role)),
        lambda: _page(request, row, form, "withdraw", **shown),
        done=f"{row} holds the role {role} no more.",
        to=page_of(row),
    )


def _withdraw(role: str, organization_id: Any, **by: Any) -> object:
    return onboarding.withdraw_entitlement(organization_id, role, **by)


def _withdrawing(request: HttpRequest, slug: str, held: queries.EntitlementRow) -> dict[str, Any]:
    using = queries.clients_by_scope(viewer_of(request), slug)
    return {
        "first_heading": "What ends, unless another role holds it",
        "first": [
            {"lead": scope, "text": f"used by {counted(using.get(scope, 0), 'client')}"}
            for scope in held.scopes
        ],
        "second_heading": "What stays",
        "second": [
            {"lead": "Clients", "text": "stay registered; their next token is without these scopes."},
            {"lead": "Tokens", "text": "that are live lose these scopes at their next introspection."},
        ],
    }


@requires(Act.ONBOARD)
@act_methods
def quota(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    """Change how many of each it may hold in one environment."""
    row = queries.organization(viewer_of(request), slug)
    held = _quota_held(request, slug, environment)
    form = acts.bound(request, fact_forms.QuotaForm, row=row, environment=environment, held=held)
    return acts.answer(
        request,
        form,
        lambda _: _bound_write(request, row, form, partial(_set_quota, form)),
        lambda: _page(request, row, form, "quota", environment=environment),
        done=f"The {environment} quotas are changed. What it holds already stays.",
        to=page_of(row),
    )


def _quota_held(request: HttpRequest, slug: str, environment: str) -> queries.QuotaRow | None:
    if environment not in set(Environment):
        raise NotFound("There is no such environment.")
    return queries.quotas(viewer_of(request), slug).filter(environment=environment).first()


def _set_quota(form: fact_forms.QuotaForm, organization_id: Any, **by: Any) -> object:
    return onboarding.set_quota(organization_id, form.facts, **by)


@requires(Act.ONBOARD)
@act_methods
def end_domain(request: HttpRequest, slug: str, domain: str) -> HttpResponse:
    """End the proof of a domain."""
    row = queries.organization(viewer_of(request), slug)
    relying = _relying(request, slug, domain)
    form = acts.bound(request, fact_forms.SeenForm, row=row)
    return acts.answer(
        request,
        form,
        lambda _: _bound_write(request, row, form, partial(_end_proof, domain)),
        lambda: _page(request, row, form, "end_domain", domain=domain, consequences=_ending(relying)),
        done=f"The proof of {domain} has ended.",
        to=reverse("staff:organization_domains", args=[slug]),
    )


def _relying(request: HttpRequest, slug: str, domain: str) -> int:
    """How many clients have a redirection URI there."""
    if not queries.proved_domains(viewer_of(request), slug).filter(domain=domain).exists():
        raise NotFound("It has not proved this domain.")
    return queries.clients_by_domain(viewer_of(request), slug, [domain]).get(domain, 0)


def _end_proof(domain: str, organization_id: Any, **by: Any) -> object:
    return domain_proofs.end_domain(organization_id, domain, **by)


def _ending(relying: int) -> dict[str, Any]:
    return {
        "first_heading": "What ends",
        "first": [
            {"lead": "New redirection URIs", "text": "at or under it are refused (U4)."},
            {"lead": "Its hosts", "text": "are free to be proved by another organization."},
        ],
        "second_heading": "What goes on",
        "second": [
            {
                "lead": counted(relying, "client").capitalize(),
                "text": "with a redirection URI there: their pages warn by the rule. Suspend a client to stop it.",
            }
        ],
    }
