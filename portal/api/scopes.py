"""The scopes of the API: one for each resource and kind of act. A token carries what its client was granted."""

from enum import StrEnum


class Scope(StrEnum):
    ORGANIZATIONS_READ = "organizations:read"
    ORGANIZATIONS_WRITE = "organizations:write"
    ORGANIZATIONS_APPROVE = "organizations:approve"
    ORGANIZATIONS_CONTAIN = "organizations:contain"
    ORGANIZATIONS_RESTORE = "organizations:restore"
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    CREDENTIALS_WRITE = "credentials:write"
    REGISTRATIONS_READ = "registrations:read"
    REGISTRATIONS_WRITE = "registrations:write"
    POLICIES_READ = "policies:read"
    AUDIT_READ = "audit:read"


MEANINGS = {
    Scope.ORGANIZATIONS_READ: "Read organizations, their domains, entitlements and quotas",
    Scope.ORGANIZATIONS_WRITE: "Create, change, submit organizations; attest domains, grant entitlements, set quotas",
    Scope.ORGANIZATIONS_APPROVE: "Approve or reject organizations that somebody else submitted",
    Scope.ORGANIZATIONS_CONTAIN: "Contain an organization or an environment of it; revoke what somebody else contained",
    Scope.ORGANIZATIONS_RESTORE: "Restore what somebody else contained",
    Scope.TOKENS_READ: "Read initial access tokens, never their values",
    Scope.TOKENS_WRITE: "Issue and revoke initial access tokens; register clients by hand, move them to another route",
    Scope.CLIENTS_READ: "Read clients",
    Scope.CLIENTS_WRITE: "Suspend, reactivate and deregister clients; renew the exception of one",
    Scope.CREDENTIALS_WRITE: "Issue and retire secrets, keys and registration access tokens of clients",
    Scope.REGISTRATIONS_READ: "Read registrations and their decisions",
    Scope.REGISTRATIONS_WRITE: "Approve, reject and undo registrations and changes",
    Scope.POLICIES_READ: "Read the rules in force, and what they would say of a document",
    Scope.AUDIT_READ: "Read audit events and the proofs of the log",
}
