"""Settings of the tests: whapco's own, with keys that are not secret and a fast password hash."""

import os

os.environ["WHAPCO_ENV_FILE"] = os.devnull
os.environ.setdefault("SECRET_KEY", "tests")

from whapco.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "tenants.hashers.WerkzeugScryptHasher",
]
RUN_BACKGROUND = False
INIT_DB_ON_START = False
