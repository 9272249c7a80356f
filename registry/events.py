"""Names of audit events. Grammar: `subject.noun.verb`, lower case, past tense verb, all of them here."""

from enum import StrEnum


class Event(StrEnum):
    ORGANIZATION_CREATED = "organization.record.created"
    ORGANIZATION_CHANGED = "organization.record.changed"
    ORGANIZATION_SUBMITTED = "organization.approval.submitted"
    ORGANIZATION_APPROVED = "organization.approval.granted"
    ORGANIZATION_REJECTED = "organization.approval.refused"
    ORGANIZATION_CONTAINED = "organization.containment.started"
    ORGANIZATION_ENVIRONMENT_CONTAINED = "organization.environment.contained"
    ORGANIZATION_RESTORED = "organization.containment.ended"
    ORGANIZATION_ENVIRONMENT_RESTORED = "organization.environment.restored"
    ORGANIZATION_REVOKED = "organization.relation.revoked"
    DOMAIN_PROVED = "organization.domain.attested"
    DOMAIN_ENDED = "organization.domain.ended"
    ENTITLEMENT_GRANTED = "organization.entitlement.granted"
    ENTITLEMENT_WITHDRAWN = "organization.entitlement.ended"
    QUOTA_SET = "organization.quota.set"

    INITIAL_ACCESS_TOKEN_ISSUED = "initial_access_token.credential.issued"
    INITIAL_ACCESS_TOKEN_REVOKED = "initial_access_token.credential.revoked"
    INITIAL_ACCESS_TOKEN_EXPIRED = "initial_access_token.credential.expired"

    REGISTRATION_GRANTED = "registration.request.granted"
    REGISTRATION_AWAITS_REVIEW = "registration.request.queued"
    REGISTRATION_REPEATED = "registration.request.repeated"
    REGISTRATION_REFUSED = "registration.request.refused"
    REGISTRATION_FIRST_APPROVAL = "registration.decision.seconded"
    REGISTRATION_APPROVED = "registration.decision.approved"
    REGISTRATION_REJECTED = "registration.decision.rejected"

    CLIENT_UNUSED_SEEN = "client.disuse.noticed"
    CLIENT_RESTRICTED = "client.state.restricted"
    CLIENT_LIFTED = "client.state.lifted"
    CLIENT_SUSPENDED = "client.state.suspended"
    CLIENT_EXPIRED = "client.state.expired"
    CLIENT_REACTIVATED = "client.state.reactivated"
    CLIENT_REVOKED = "client.state.revoked"
    CLIENT_DEREGISTERED = "client.state.deregistered"
    CLIENT_AUTHENTICATION_REFUSED = "client.authentication.refused"

    BACKUP_PROVED = "backup.restore.proved"
    ISSUANCE_STOPPED = "issuance.switch.stopped"
    ISSUANCE_RESUMED = "issuance.switch.resumed"

    TOKEN_REVOKED = "token.value.revoked"
    TOKEN_REUSE_SEEN = "token.reuse.detected"
    CODE_REPLAY_SEEN = "token.replay.detected"
    CONSENT_GIVEN = "consent.request.granted"
    CONSENT_REFUSED = "consent.request.refused"

    AUDIT_INTEGRITY_FAILED = "audit.integrity.failed"

    RESOURCE_SERVER_CREATED = "resource_server.record.created"

    PERSON_CREATED = "person.record.created"
    PERSON_INVITED = "person.invitation.sent"
    PERSON_JOINED = "person.invitation.accepted"
    PERSON_ENDED = "person.access.ended"
    PERSON_SIGNED_IN = "person.session.started"
    PERSON_SIGNED_OUT = "person.session.ended"
    PERSON_SIGN_IN_REFUSED = "person.session.refused"
    PERSON_STEPPED_UP = "person.factor.presented"
    PERSON_FACTOR_CHANGED = "person.factor.changed"
    PERSON_PASSWORD_CHANGED = "person.password.changed"
