"""Addresses of the staff portal."""

from django.urls import path

from portal.staff import (
    audit,
    clients,
    containment,
    dashboard,
    initial_access_tokens,
    manual,
    organization_acts,
    organization_changes,
    organizations,
    people,
    people_ends,
    queue,
    terms,
)

app_name = "staff"

_ORGANIZATION = "organizations/<slug:slug>/"
_CLIENT = "clients/<str:client_id>/"

urlpatterns = [
    path("", dashboard.monday, name="dashboard"),
    path("queue/", queue.listed, name="queue"),
    path("queue/<uuid:registration_id>/", queue.case, name="case"),
    path("queue/organizations/<slug:slug>/", queue.organization_case, name="organization_case"),
    path("people/", people.staff, name="people"),
    path("people/<uuid:staff_id>/end/", people_ends.staff, name="person_end"),
    path("organizations/", organizations.listed, name="organizations"),
    path("organizations/new/", organizations.new, name="organization_new"),
    path(_ORGANIZATION, organizations.overview, name="organization"),
    path(_ORGANIZATION + "clients/", organizations.clients, name="organization_clients"),
    path(_ORGANIZATION + "clients/new/", manual.new, name="manual_new"),
    path(_ORGANIZATION + "people/", people.of_organization, name="organization_people"),
    path(
        _ORGANIZATION + "people/<uuid:person_id>/end/",
        people_ends.of_organization,
        name="organization_person_end",
    ),
    path(_ORGANIZATION + "domains/", organizations.domains, name="organization_domains"),
    path(_ORGANIZATION + "audit/", organizations.audit, name="organization_audit"),
    path(
        _ORGANIZATION + "domains/<str:domain>/end/",
        organization_changes.end_domain,
        name="organization_domain_end",
    ),
    path(_ORGANIZATION + "edit/", organization_changes.edit, name="organization_edit"),
    path(_ORGANIZATION + "entitlements/", organization_changes.grant, name="organization_grant"),
    path(
        _ORGANIZATION + "entitlements/<str:role>/",
        organization_changes.entitlement,
        name="organization_entitlement",
    ),
    path(
        _ORGANIZATION + "entitlements/<str:role>/withdraw/",
        organization_changes.withdraw,
        name="organization_withdraw",
    ),
    path(_ORGANIZATION + "quotas/<str:environment>/", organization_changes.quota, name="organization_quota"),
    path(_ORGANIZATION + "submit/", organization_acts.submit, name="organization_submit"),
    path(_ORGANIZATION + "approve/", organization_acts.approve, name="organization_approve"),
    path(_ORGANIZATION + "contain/", containment.contain, name="organization_contain"),
    path(_ORGANIZATION + "restore/", containment.restore, name="organization_restore"),
    path(
        _ORGANIZATION + "initial-access-tokens/new/",
        initial_access_tokens.new,
        name="initial_access_token_new",
    ),
    path(
        _ORGANIZATION + "initial-access-tokens/<uuid:token_id>/revoke/",
        initial_access_tokens.revoke,
        name="initial_access_token_revoke",
    ),
    path("clients/", clients.listed, name="clients"),
    path(_CLIENT, clients.detail, name="client"),
    path(_CLIENT + "suspend/", clients.suspend, name="client_suspend"),
    path(_CLIENT + "reactivate/", clients.reactivate, name="client_reactivate"),
    path(_CLIENT + "renew/", manual.renew, name="client_renew"),
    path(_CLIENT + "move/", manual.move, name="client_move"),
    path(_CLIENT + "deregister/", clients.deregister, name="client_deregister"),
    path("terms/", terms.listed, name="terms"),
    path("audit/", audit.search, name="audit"),
    path("audit/export/", audit.export, name="audit_export"),
    path("audit/<uuid:event_id>/", audit.event, name="audit_event"),
]
