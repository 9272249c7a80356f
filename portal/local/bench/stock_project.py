"""The files of the stock project, as `startproject` and the toolkit's tutorial have them.

Three things are chosen so that the comparison is not won by a password hash: client secrets rest as they are
(hash_client_secret=False in stock_rows), a secret that registration makes is hashed by one SHA-256 (the default,
PBKDF2, takes about 240 ms), and registration is open to everybody, which spares it a look at the caller. The database
is reached through the same pool as ours; prepared statements are off, as Django has them.
"""

SETTINGS = """
import os
from portal.config.environment import database

SECRET_KEY = "bench"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
DATABASES = {"default": database(os.environ["DATABASE_URL"], pool=bool(os.environ.get("DATABASE_POOL")), pool_size=6)}
for ours in ("server_side_binding", "prepare_threshold"):
    DATABASES["default"]["OPTIONS"].pop(ours, None)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "oauth2_provider",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "stock_urls"
USE_TZ = True
STATIC_URL = "static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", "stock_hasher.OneSha256"]
OAUTH2_PROVIDER = {
    "SCOPES": {"read": "Reading", "write": "Writing", "introspection": "Introspection"},
    "DEFAULT_SCOPES": ["read"],
    "CLIENT_SECRET_HASHER": "one_sha256",
    "DCR_ENABLED": True,
    "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
}
"""
URLS = """
from django.http import JsonResponse
from django.urls import include, path

urlpatterns = [
    path("healthz/live", lambda request: JsonResponse({"status": "live"})),
    path("o/", include("oauth2_provider.urls")),
]
"""
HASHER = """
import hashlib
from django.contrib.auth.hashers import BasePasswordHasher


class OneSha256(BasePasswordHasher):
    algorithm = "one_sha256"

    def encode(self, password, salt):
        return f"{self.algorithm}$${hashlib.sha256(password.encode()).hexdigest()}"

    def salt(self):
        return ""

    def verify(self, password, encoded):
        return encoded == self.encode(password, "")
"""
WSGI = """
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
"""
FILES = {
    "stock_settings.py": SETTINGS,
    "stock_urls.py": URLS,
    "stock_hasher.py": HASHER,
    "stock_wsgi.py": WSGI,
}
