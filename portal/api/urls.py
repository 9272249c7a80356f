"""Addresses of the API."""

from django.urls import path

from portal.api.document import schema
from portal.api.views import (
    audit_events,
    client_credentials,
    clients,
    holdings,
    initial_access_tokens,
    lookups,
    manual,
    organizations,
    policies,
    registrations,
    transparency,
)

app_name = "api"

_ORGANIZATION = "organizations/<slug:slug>"
_TOKENS = f"{_ORGANIZATION}/initial-access-tokens"
_CLIENT = "clients/<str:client_id>"
_REGISTRATION = "registrations/<uuid:registration_id>"

urlpatterns = [
    path("schema", schema, name="schema"),
    path("organizations", organizations.Organizations.as_view(), name="organizations"),
    path("organizations/lookup", lookups.Organizations.as_view(), name="organizations_lookup"),
    path(_ORGANIZATION, organizations.Organization.as_view(), name="organization"),
    path(f"{_ORGANIZATION}/submit", organizations.Submit.as_view(), name="organization_submit"),
    path(f"{_ORGANIZATION}/approve", organizations.Approve.as_view(), name="organization_approve"),
    path(f"{_ORGANIZATION}/reject", organizations.Reject.as_view(), name="organization_reject"),
    path(f"{_ORGANIZATION}/revoke", organizations.Revoke.as_view(), name="organization_revoke"),
    path(f"{_ORGANIZATION}/contain", organizations.Contain.as_view(), name="organization_contain"),
    path(f"{_ORGANIZATION}/restore", organizations.Restore.as_view(), name="organization_restore"),
    path(f"{_ORGANIZATION}/domains", holdings.Domains.as_view(), name="domains"),
    path(f"{_ORGANIZATION}/domains/end", holdings.DomainEnd.as_view(), name="domain_end"),
    path(
        f"{_ORGANIZATION}/domains/challenges", holdings.DomainChallenges.as_view(), name="domain_challenges"
    ),
    path(f"{_ORGANIZATION}/domains/prove", holdings.DomainProof.as_view(), name="domain_proof"),
    path(f"{_ORGANIZATION}/entitlements/end", holdings.EntitlementEnd.as_view(), name="entitlement_end"),
    path(f"{_ORGANIZATION}/entitlements", holdings.Entitlements.as_view(), name="entitlements"),
    path(f"{_ORGANIZATION}/quotas", holdings.Quotas.as_view(), name="quotas"),
    path(f"{_ORGANIZATION}/manual-clients", manual.ManualClients.as_view(), name="manual_clients"),
    path(_TOKENS, initial_access_tokens.InitialAccessTokens.as_view(), name="initial_access_tokens"),
    path(
        f"{_TOKENS}/<uuid:token_id>",
        initial_access_tokens.InitialAccessToken.as_view(),
        name="initial_access_token",
    ),
    path(
        f"{_TOKENS}/<uuid:token_id>/revoke",
        initial_access_tokens.Revoke.as_view(),
        name="initial_access_token_revoke",
    ),
    path("clients", clients.Clients.as_view(), name="clients"),
    path("clients/lookup", lookups.Clients.as_view(), name="clients_lookup"),
    path(_CLIENT, clients.Client.as_view(), name="client"),
    path(f"{_CLIENT}/suspend", clients.Suspend.as_view(), name="client_suspend"),
    path(f"{_CLIENT}/reactivate", clients.Reactivate.as_view(), name="client_reactivate"),
    path(f"{_CLIENT}/renew", manual.Renew.as_view(), name="client_renew"),
    path(f"{_CLIENT}/move", manual.Move.as_view(), name="client_move"),
    path(f"{_CLIENT}/deregister", clients.Deregister.as_view(), name="client_deregister"),
    path(f"{_CLIENT}/secrets", client_credentials.Secrets.as_view(), name="client_secrets"),
    path(
        f"{_CLIENT}/secrets/<int:secret_id>/retire",
        client_credentials.SecretRetire.as_view(),
        name="client_secret_retire",
    ),
    path(f"{_CLIENT}/keys", client_credentials.Keys.as_view(), name="client_keys"),
    path(
        f"{_CLIENT}/keys/<str:thumbprint>/retire",
        client_credentials.KeyRetire.as_view(),
        name="client_key_retire",
    ),
    path(
        f"{_CLIENT}/registration-access-token",
        client_credentials.RegistrationAccessToken.as_view(),
        name="client_registration_access_token",
    ),
    path(f"{_CLIENT}/promote", client_credentials.Promote.as_view(), name="client_promote"),
    path("registrations", registrations.Registrations.as_view(), name="registrations"),
    path(_REGISTRATION, registrations.Registration.as_view(), name="registration"),
    path(f"{_REGISTRATION}/approve", registrations.Approve.as_view(), name="registration_approve"),
    path(f"{_REGISTRATION}/reject", registrations.Reject.as_view(), name="registration_reject"),
    path(f"{_REGISTRATION}/undo", registrations.Undo.as_view(), name="registration_undo"),
    path("policies/current/rules", policies.Rules.as_view(), name="policy_rules"),
    path(f"{_ORGANIZATION}/lint", policies.Lint.as_view(), name="organization_lint"),
    path("audit/checkpoint", transparency.Checkpoint.as_view(), name="audit_checkpoint"),
    path("audit/proof", transparency.Proof.as_view(), name="audit_proof"),
    path("audit/consistency", transparency.Consistency.as_view(), name="audit_consistency"),
    path("audit-events", audit_events.AuditEvents.as_view(), name="audit_events"),
    path("audit-events/<uuid:event_id>", audit_events.AuditEvent.as_view(), name="audit_event"),
]
