"""Addresses of the partner portal."""

from django.urls import path

from portal.partner import agreement, clients, domains, home, register, reissue, team, team_changes, tokens

app_name = "partner"

urlpatterns = [
    path("", home.home, name="home"),
    path("clients/", clients.listed, name="clients"),
    path("agreement/", agreement.shown, name="agreement"),
    path("domains/", domains.listed, name="domains"),
    path("domains/<str:domain>/check/", domains.check, name="domain_check"),
    path("team/", team.listed, name="team"),
    path("team/leave/", team_changes.leave, name="leave"),
    path("team/<uuid:person_id>/end/", team.end, name="person_end"),
    path("team/<uuid:person_id>/role/", team_changes.role, name="person_role"),
    path("team/invitations/<int:invitation_id>/withdraw/", team.withdraw, name="invitation_withdraw"),
    path("tokens/", tokens.listed, name="tokens"),
    path("tokens/new/", tokens.new, name="token_new"),
    path("tokens/<uuid:token_id>/revoke/", tokens.revoke, name="token_revoke"),
    path("clients/register/", register.check, name="register"),
    path("clients/<str:client_id>/reissue/", reissue.reissue, name="client_reissue"),
    path("clients/<str:client_id>/", clients.detail, name="client"),
]
