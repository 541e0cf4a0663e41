"""Settings: the environment, then `.env`, then `data/secrets.env` that `make run` writes once.

An empty variable counts as unset. Every name is explained in `.env.example`.
"""

import base64
import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from whapco.databases import control_database
from whapco.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / "data"


class Env(environ.Env):
    """The environment without its empty variables."""

    ENVIRON = {name: value for name, value in os.environ.items() if value.strip()}


for env_file in (os.environ.get("WHAPCO_ENV_FILE") or BASE_DIR / ".env", DATA_DIR / "secrets.env"):
    if Path(env_file).is_file():
        Env.read_env(str(env_file))
        Env.ENVIRON = {name: value for name, value in Env.ENVIRON.items() if value.strip()}
env = Env()

# Security ------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set: run `make setup`, which writes one to data/secrets.env, "
        "or set it in the environment or in .env."
    )
FIELD_KEYS_DERIVED = not env.list("FIELD_KEYS", default=[])
FIELD_KEYS = env.list("FIELD_KEYS", default=[]) or [
    base64.urlsafe_b64encode(hashlib.sha256(f"whapco:{SECRET_KEY}".encode()).digest()).decode()
]
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", default="").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
_HTTPS = PUBLIC_BASE_URL.startswith("https://")
SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^webhook/?$", r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL] if PUBLIC_BASE_URL else []
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # whether other names of the domain are on https is not ours to promise,
    "security.W021",  # nor to have browsers told for ever
    "axes.W002",  # its middleware: the login view answers a lockout itself
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024  # Meta posts up to 3 MB; Django's default is 2.5

# Apps ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "tenants",  # first: its createsuperuser, changepassword and runserver replace Django's
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "import_export",
    "django_tasks",
    "media_pipeline",
    "conversations",
    "chatbot",
    "whapco.simulator",
    "whapco.isolation",
]
MIDDLEWARE = [
    "whapco.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "whapco.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.middleware.TenantMiddleware",
    "tenants.sessions.TenantSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.TenantUserMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "whapco.urls"
WSGI_APPLICATION = "whapco.wsgi.application"
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
            ]
        },
    }
]

# Databases -----------------------------------------------------------------------------------
DB_HOST = env.str("DB_HOST", default="")
DATABASES = {"default": control_database(env, BASE_DIR)}
DATABASE_ROUTERS = ["tenants.routers.TenantRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INIT_DB_ON_START = env.bool("INIT_DB_ON_START", default=True)

# Companies -----------------------------------------------------------------------------------
TENANT_HEADER = env.str("TENANT_HEADER", default="X-Tenant-ID")
DEFAULT_TENANT = env.str("DEFAULT_TENANT", default="demo" if DEMO else "")
DEFAULT_TENANT_NAME = env.str(
    "DEFAULT_TENANT_NAME", default="Vidrios y Aluminios El Roble" if DEMO else ""
)
TENANT_OPEN_PER_THREAD = env.int("TENANT_OPEN_PER_THREAD", default=8)
MIGRATE_JOBS = env.int("MIGRATE_JOBS", default=4)  # databases that migrate_tenants updates at once
REGISTRY_CACHE_SECONDS = 1.0
AGENTS_SEE_UNASSIGNED = env.bool("AGENTS_SEE_UNASSIGNED", default=True)
ASSIGN_ON_REPLY = env.bool("ASSIGN_ON_REPLY", default=True)
SUPPORT_CONTACT = env.str("SUPPORT_CONTACT", default="")
OWN_DB_USERS = env.bool("OWN_DB_USERS", default=True)

# People --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenants.User"
# werkzeug's scrypt of "Admin1234", made on purpose: the hash that older documentation printed
# is of another password (tests/tenants/test_hashers.py keeps the proof).
DEFAULT_ADMIN_PASSWORD_HASH = env.str("DEFAULT_ADMIN_PASSWORD_HASH", default="")
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "tenants.hashers.WerkzeugScryptHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # refuses who has guessed too often
    "django.contrib.auth.backends.ModelBackend",
]
# Failures are counted per user name and address: ADR 15.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.int("LOGIN_ATTEMPTS", default=5)
AXES_LOCK_OUT_AT_FAILURE = AXES_FAILURE_LIMIT > 0
AXES_COOLOFF_TIME = timedelta(minutes=env.int("LOGIN_LOCK_MINUTES", default=15))
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page says how long to wait
AXES_CLIENT_IP_CALLABLE = "tenants.logins.client_address"
AXES_USERNAME_FORM_FIELD = "username"
# What the login form sends beside the password, which is never kept: nothing of it is.
AXES_SENSITIVE_PARAMETERS = [
    "username",
    "ip_address",
    "company",
    "next",
    "tenant",
    "csrfmiddlewaretoken",
]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False  # in English; an admin unlocks a person in the list of people
AXES_VERBOSE = False
# Proxies before this server that write X-Forwarded-For; 0: the header is not believed.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
SESSION_ENGINE = "tenants.sessions"
# A cookie of their own would show one company's words after a login to another.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_NAME = "whapco_session"
SESSION_COOKIE_AGE = env.int("SESSION_IDLE_SECONDS", default=12 * 3600)  # of doing nothing
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False  # static/js/csrf.js reads it as it is now

# WhatsApp ------------------------------------------------------------------------------------
PORT = env.int("PORT", default=8000)
META_TOKEN = env.str("META_TOKEN", default="demo" if DEMO else "")
META_APP_SECRET = env.str(  # the demo's webhooks are signed like Meta's
    "META_APP_SECRET",
    default=hashlib.sha256(f"demo:{SECRET_KEY}".encode()).hexdigest() if DEMO else "",
)
VERIFY_TOKEN = env.str("VERIFY_TOKEN", default="demo" if DEMO else "")
PHONE_NUMBER_ID = env.str("PHONE_NUMBER_ID", default="100000000000001" if DEMO else "")
WHATSAPP_API_VERSION = env.str("WHATSAPP_API_VERSION", default="v23.0")
SIMULATOR_PATH = "/simulador/graph"
GRAPH_API_URL = env.str(
    "GRAPH_API_URL",
    default=f"http://127.0.0.1:{PORT}{SIMULATOR_PATH}" if DEMO else "https://graph.facebook.com",
).rstrip("/")
SIMULATOR_ENABLED = DEMO or GRAPH_API_URL.endswith(SIMULATOR_PATH)
WEBHOOK_ALLOW_UNSIGNED = env.bool("WEBHOOK_ALLOW_UNSIGNED", default=False)
UNDELIVERED_KEEP_DAYS = env.int("UNDELIVERED_KEEP_DAYS", default=90)  # 0: for ever
ACCOUNT_EVENTS_KEEP_DAYS = env.int("ACCOUNT_EVENTS_KEEP_DAYS", default=365)  # 0: for ever
SEND_RATE_PER_NUMBER = env.float("SEND_RATE_PER_NUMBER", default=80.0)  # per second; 0: no limit
SEND_PAIR_BURST = env.int("SEND_PAIR_BURST", default=45)  # then one per 6 s; 0: no limit

# The bot -------------------------------------------------------------------------------------
INITIAL_STEP = env.str("INITIAL_STEP", default="menu_principal")
FALLBACK_TEXT = env.str("FALLBACK_TEXT", default="")
SESSION_TIMEOUT_SECONDS = env.int("SESSION_TIMEOUT_SECONDS", default=1800)
SESSION_TIMEOUT_MESSAGE = env.str(
    "SESSION_TIMEOUT_MESSAGE",
    default="Tu sesión ha terminado por inactividad. Hemos reiniciado la conversación.",
)
CLOSING_MESSAGE = env.str("CLOSING_MESSAGE", default="")
AGENT_TIMEOUT_SECONDS = env.int("AGENT_TIMEOUT_SECONDS", default=0)

# Files ---------------------------------------------------------------------------------------
FFMPEG_BINARY = env.str("FFMPEG_BINARY", default="")
UPLOADS_QUOTA_MB = env.int("UPLOADS_QUOTA_MB", default=0)  # of each company; 0: no limit
X_ACCEL_PREFIX = env.str("X_ACCEL_PREFIX", default="")  # nginx's internal name of UPLOADS_DIR
FILE_UPLOAD_HANDLERS = [
    "conversations.upload_limits.LimitUploadHandler",  # first: what is too big is not kept
    *global_settings.FILE_UPLOAD_HANDLERS,
]

# Voice ---------------------------------------------------------------------------------------
SPEECH_ENGINE = env.str("SPEECH_ENGINE", default="vosk")
SPEECH_WORKERS = env.int("SPEECH_WORKERS", default=2)  # notes transcribed at once, by process
VOSK_MODEL_PATH = env.str("VOSK_MODEL_PATH", default="")
VOSK_ALLOW_DOWNLOAD = env.bool("VOSK_ALLOW_DOWNLOAD", default=False)
WHISPER_MODEL_PATH = env.str("WHISPER_MODEL_PATH", default="")
VOICE_WAIT_SECONDS = env.int("VOICE_WAIT_SECONDS", default=30)
MAX_TRANSCRIPTION_DURATION_MS = env.int("MAX_TRANSCRIPTION_DURATION_MS", default=60_000)

# Background work -----------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
CELERY_QUEUE = env.str("CELERY_QUEUE", default="whapco")
SCHEDULE = "whapco.schedule.JOBS"
WORKER_THREADS = env.int("WORKER_THREADS", default=128)  # mostly waiting for Meta
WEB_THREADS = env.int("WEB_THREADS", default=12)
RUN_BACKGROUND = env.bool("RUN_BACKGROUND", default=True)
TASKS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "tenants.tasks.CeleryBackend"
        if CELERY_BROKER_URL
        else "tenants.tasks.ThreadPoolBackend",
        "QUEUES": [],
    }
}

# Language, time, files -----------------------------------------------------------------------
# The installation's language, never the browser's: customers read some of these texts too.
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="es")
LANGUAGES = [("es", _("Español")), ("en", _("Inglés"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="America/Bogota")
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
UPLOADS_DIR = BASE_DIR / "static" / "uploads"  # no variable moves it
BACKUP_ROOT = env.str("BACKUP_ROOT", default="")
MYSQLDUMP_PATH = env.str("MYSQLDUMP_PATH", default="")
STATICFILES_DIRS = [(d, str(BASE_DIR / "static" / d)) for d in ("css", "js", "vendor", "img")]
WHITENOISE_USE_FINDERS = True
IMPORT_EXPORT_USE_TRANSACTIONS = True

LOGGING = logging_config(
    env.str("LOG_LEVEL", default="INFO"), env.str("LOG_FORMAT", default="line")
)
