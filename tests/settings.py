"""Test settings: three databases, tasks run where they are enqueued, no limits on sending."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ["WHAPCO_ENV_FILE"] = os.devnull

from whapco.settings import *  # noqa: E402, F403
from whapco.settings import DATABASES  # noqa: E402

_ON_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
_TEMPORARY = tempfile.TemporaryDirectory(prefix="whapco-tests-")  # goes with the process
_FOLDER = _TEMPORARY.name
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


def _database(name: str) -> dict[str, object]:
    if _ON_SQLITE:
        path = f"{_FOLDER}/{name}.sqlite3"
        return {**DATABASES["default"], "NAME": path, "TEST": {"NAME": path}}
    test = {**DATABASES["default"]["TEST"], "NAME": f"test_whapco_{name}{_WORKER}"}
    return {**DATABASES["default"], "NAME": f"whapco_{name}", "TEST": test}


DATABASES = {
    "default": _database("control"),
    "t_acme": _database("acme"),
    "t_beta": _database("beta"),
}
for _alias in ("t_acme", "t_beta"):
    DATABASES[_alias]["TEST"]["DEPENDENCIES"] = []  # tests/conftest.py makes them in order

DEBUG = False
DEMO = False
ALLOWED_HOSTS = ["*"]
DEFAULT_TENANT = ""
META_TOKEN = ""
META_APP_SECRET = "secreto-global"
VERIFY_TOKEN = "verificar-global"
PHONE_NUMBER_ID = ""
SEND_RATE_PER_NUMBER = 0
SEND_PAIR_BURST = 0
REGISTRY_CACHE_SECONDS = 0.0
RUN_BACKGROUND = False
TASKS = {"default": {"BACKEND": "tests.tasks.InlineBackend", "QUEUES": []}}
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "tenants.hashers.WerkzeugScryptHasher",
]
INIT_DB_ON_START = False
OWN_DB_USERS = False  # they would stay on the server; tests of them say so
UPLOADS_DIR = Path(_FOLDER) / "uploads"
STATIC_ROOT = Path(_FOLDER)  # whitenoise warns about a folder that is not there
