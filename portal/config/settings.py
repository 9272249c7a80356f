"""Settings, read from the environment; unsafe values are system checks (`registry.checks`)."""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from portal.config.environment import (
    RegistrySettings,
    database,
    env_bool,
    env_int,
    env_list,
    env_networks,
    env_peers,
    env_ports,
    env_proxy,
    env_resolvers,
    env_secret,
    env_text,
)

BASE_DIR = Path(__file__).resolve().parent.parent.parent

DEPLOYMENT = env_text("CONCORDAT_DEPLOYMENT", "production")
_OFTEN = 1000 if DEPLOYMENT == "test" else 1  # tests ask more often than any partner
REGISTRY = RegistrySettings(
    issuer=env_text("CONCORDAT_ISSUER").rstrip("/"),
    deployment=DEPLOYMENT,
    credential_key=env_secret("CREDENTIAL_KEY"),
    factor_key=env_secret("FACTOR_KEY"),
    audit_key=env_secret("AUDIT_KEY"),
    audit_public_keys=tuple(env_list("AUDIT_PUBLIC_KEYS")),
    audit_origin=env_text("AUDIT_ORIGIN"),
    audit_witness_file=env_text("AUDIT_WITNESS_FILE"),
    audit_witness_keys=tuple(env_list("AUDIT_WITNESS_KEYS")),
    clock_offset_file=env_text("CONCORDAT_CLOCK_OFFSET_FILE"),
    operator_slug=env_text("CONCORDAT_OPERATOR_SLUG", "operator"),
    reserved_names=tuple(env_list("CONCORDAT_RESERVED_NAMES")),
    organization_needs_four_eyes=env_bool("CONCORDAT_FOUR_EYES", default=True),
    scopes=frozenset(env_text("CONCORDAT_SCOPES").split()),
    initial_access_token_seconds_limit=env_int("CONCORDAT_IAT_SECONDS_LIMIT", 7 * 86400),
    api_requests_per_minute=env_int("CONCORDAT_API_RATE", 600 * _OFTEN),
    api_requests_per_minute_of_organization=env_int("CONCORDAT_API_RATE_OF_ORGANIZATION", 3000 * _OFTEN),
    registrations_per_minute_of_token=env_int("CONCORDAT_REGISTRATION_RATE_OF_TOKEN", 120 * _OFTEN),
    registrations_per_minute_of_organization=env_int(
        "CONCORDAT_REGISTRATION_RATE_OF_ORGANIZATION", 600 * _OFTEN
    ),
    registrations_per_minute=env_int("CONCORDAT_REGISTRATION_RATE", 6000 * _OFTEN),
    egress_ports=env_ports("CONCORDAT_EGRESS_PORTS", "443,8443"),
    egress_allow=env_peers("CONCORDAT_EGRESS_ALLOW"),
    egress_proxy=env_proxy("CONCORDAT_EGRESS_PROXY"),
    dns_resolvers=env_resolvers("CONCORDAT_DNS_RESOLVERS"),
)

SECRET_KEY = env_secret("SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS")

DATABASES = {
    "default": database(
        env_text("DATABASE_URL", "postgresql:///concordat"),
        pool=env_bool("DATABASE_POOL"),
        pool_size=env_int("DATABASE_POOL_SIZE", 8),  # WORK_SLOTS, and two for those who ask how it is
    )
}
# Read by `manage.py migrate_as_owner` alone; web processes and workers do without.
DATABASE_OF_OWNER = (
    database(env_text("DATABASE_OWNER_URL"), pool=False, pool_size=0)
    if env_text("DATABASE_OWNER_URL")
    else {}
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "signin_cache"},
    "shared": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env_text("REDIS_URL").replace("redis+socket://", "unix://"),
    },
}

INSTALLED_APPS = [
    "registry",
    "portal",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
]

# How many requests a web process works on at a time; who else is there waits by its urgency (portal.config.admission).
WORK_SLOTS = env_int("CONCORDAT_WORK_SLOTS", 6)

MACHINE_PATHS = frozenset({"/token", "/introspect", "/revoke", "/register"})
MACHINE_PREFIXES = ("/register/", "/.well-known/", "/healthz/", "/api/")
MACHINE_MIDDLEWARE = [
    "portal.middleware.request_identity",
    "portal.middleware.machine_headers",
    "portal.middleware.known_host",
]
MIDDLEWARE = [
    "portal.middleware.request_identity",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.middleware.sessions_end_with_their_epoch",
    "portal.middleware.staff_carry_a_second_factor",
    "portal.errors.RefusalsBecomePages",
]

ROOT_URLCONF = "portal.config.urls"
WSGI_APPLICATION = "portal.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.shell.context",
            ]
        },
    }
]

STATIC_URL = "/static/"
STATIC_ROOT = env_text("STATIC_ROOT", str(BASE_DIR / "staticfiles")) if DEPLOYMENT == "production" else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEPLOYMENT != "production"
WHITENOISE_MANIFEST_STRICT = False
if DEPLOYMENT != "production":
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
APPEND_SLASH = False

# People

AUTH_USER_MODEL = "registry.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "portal.authn.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_TIMEOUT = REGISTRY.step_up_seconds
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,20/300s/key"}
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
MFA_ADAPTER = "portal.authn.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Concordat"
MFA_TOTP_TOLERANCE = 1  # one step either way (RFC 6238 §5.2)
MFA_RECOVERY_CODE_COUNT = 10
MFA_RECOVERY_CODES_SHOW_ONCE = True
EMAIL_BACKEND = env_text("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_FILE_PATH = env_text("EMAIL_FILE_PATH") or None
EMAIL_HOST = env_text("EMAIL_HOST", "localhost")
EMAIL_PORT = env_int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env_text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_text("DEFAULT_FROM_EMAIL", "concordat@localhost")

# Browsers

LOCAL = DEPLOYMENT in {"local", "test"}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"
SECURE_SSL_REDIRECT = not LOCAL and not env_bool("TLS_ENDS_BEFORE_US_AND_REDIRECTS")
TRUSTED_PROXIES = env_networks("TRUSTED_PROXIES")  # whose X-Forwarded-* is believed; portal.origin alone asks
SECURE_HSTS_SECONDS = 0 if LOCAL else 63_072_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not LOCAL
SECURE_HSTS_PRELOAD = not LOCAL
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # stricter, and browsers send the forms that CSRF checks refuse
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 131_072
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# The toolkit: all ten gates of RFC 9700 on

OAUTH2_PROVIDER_APPLICATION_MODEL = "registry.Client"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "registry.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "registry.RefreshToken"
OAUTH2_PROVIDER_GRANT_MODEL = "registry.Grant"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "registry.IDToken"
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "registry.DeviceGrant"
OAUTH2_PROVIDER = {
    "OIDC_ISS_ENDPOINT": REGISTRY.issuer,  # the toolkit's name for the `iss` of RFC 9207
    "OAUTH2_VALIDATOR_CLASS": "portal.protocol.validator.Validator",
    "OAUTH2_BACKEND_CLASS": "portal.protocol.toolkit.Backend",
    "OAUTH2_SERVER_CLASS": "portal.protocol.server.Server",
    "ACCESS_TOKEN_GENERATOR": "registry.tokens.new_access_token",
    "REFRESH_TOKEN_GENERATOR": "registry.tokens.new_refresh_token",
    "SCOPES_BACKEND_CLASS": "portal.protocol.scopes.OrganizationScopes",
    "SCOPES": {"none": "Nothing"},
    "ACCESS_TOKEN_EXPIRE_SECONDS": REGISTRY.access_token_seconds,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": REGISTRY.authorization_code_seconds,
    "REFRESH_TOKEN_EXPIRE_SECONDS": REGISTRY.refresh_idle_seconds,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ROTATE_REFRESH_TOKEN": True,
    "PKCE_REQUIRED": True,
    "REQUEST_APPROVAL_PROMPT": "force",
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "ALLOW_URI_WILDCARDS": False,
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "client_credentials", "refresh_token"],
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}

# Our API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api.authentication.ServiceToken"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.api.permissions.ScopeReaches"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.Operation",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_PAGINATION_CLASS": "portal.api.pagination.Cursor",
    "EXCEPTION_HANDLER": "portal.api.problems.answer",
    "UNAUTHENTICATED_USER": None,
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Concordat",
    "DESCRIPTION": "Partner registry: organizations, credentials, clients, registrations, audit events.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "State": "portal.api.shapes.base.STATES",
        "Review": "portal.api.shapes.base.REVIEWS",
    },
}

# Celery: broker only; nothing rests in Redis that PostgreSQL does not hold

CELERY_BROKER_URL = env_text("REDIS_URL")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
# A queue and a worker of its own: no sweep delays the sequencing of the audit log.
CELERY_TASK_ROUTES = {"registry.tasks.sequence_audit": {"queue": "audit"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker outlives any outage of the broker
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,  # what a dead worker held comes again; a sweep is shorter
    "socket_timeout": 5,  # a broker that hangs is as lost as one that is gone
    "socket_connect_timeout": 5,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = env_text("CELERY_BEAT_SCHEDULE_FILENAME", "celerybeat-schedule")
CELERY_BEAT_SCHEDULER = "portal.config.beat.Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5


def _every(seconds: int, task: str) -> dict[str, Any]:
    """A message that waited for longer than its period is dropped: the next one finds the same rows."""
    return {"task": f"registry.tasks.{task}", "schedule": seconds, "options": {"expires": seconds}}


CELERY_BEAT_SCHEDULE = {
    "sequence-audit": _every(1, "sequence_audit"),
    "expire-initial-access-tokens": _every(30, "expire_initial_access_tokens"),
    "expire-clients": _every(30, "expire_clients"),
    "expire-waivers": _every(30, "expire_waivers"),
    "judge-policies": _every(5, "judge_policies"),
    "follow-unused-clients": _every(3600, "follow_unused_clients"),
    "send-notices": _every(10, "send_notices"),
    "recheck-domains": _every(30, "recheck_domains"),
    "refresh-key-sets": _every(30, "refresh_key_sets"),
    "fetch-logos": _every(30, "fetch_logos"),
    "note-heartbeat": {
        "task": "registry.tasks.note_heartbeat",
        "schedule": 15,
        "kwargs": {"queue": "celery"},
        "options": {"expires": 15, "queue": "celery"},
    },
    "note-heartbeat-of-audit": {
        "task": "registry.tasks.note_heartbeat",
        "schedule": 15,
        "kwargs": {"queue": "audit"},
        "options": {"expires": 15, "queue": "audit"},
    },
    "purge-expired-tokens": _every(300, "purge_expired_tokens"),
    "purge-remembered-answers": _every(300, "purge_remembered_answers"),
}

# Who has to be seen at work (registry.heartbeat), and how many seconds apart.
HEARTBEATS = {"beat": 5, "queue celery": 15, "queue audit": 15}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "portal.config.logs.formatter"},
        "access": {"()": "portal.config.logs.AccessFormatter"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json"},
        "access": {"class": "logging.StreamHandler", "formatter": "access"},
    },
    "root": {"handlers": ["stderr"], "level": env_text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},  # what is refused is a line of portal.access, without its path
        "portal.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
        # The toolkit logs request contents at DEBUG; those may hold credentials.
        "oauth2_provider": {"level": "WARNING"},
        "oauthlib": {"level": "WARNING"},
    },
}
