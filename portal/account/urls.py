"""Addresses of sign-in and of one's own account: allauth's views under our paths."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path, re_path

from portal.account import views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/verify/", mfa.authenticate, name="mfa_authenticate"),
    path("sign-in/step-up/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("sign-in/password/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/ended/", account.account_inactive, name="account_inactive"),
    path("sign-in/recover/", account.password_reset, name="account_reset_password"),
    path("sign-in/recover/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^sign-in/recover/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",  # the key has hyphens of its own
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "sign-in/recover/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("sign-in/sign-up/", views.no_sign_up, name="account_signup"),
    path("sign-out/", account.logout, name="account_logout"),
    path("account/", mfa.index, name="mfa_index"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path("account/addresses/", views.no_sign_up, name="account_email"),
    path("account/totp/", views.activate_totp, name="mfa_activate_totp"),
    path("account/totp/end/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "account/recovery-codes/new/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/recovery-codes/file/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("preferences/", views.preferences, name="preferences"),
    path("invitations/<str:token>/", views.invitation, name="invitation"),
]
