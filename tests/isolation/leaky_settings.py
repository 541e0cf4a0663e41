"""The product with holes, for `manage.py isolation_report`."""

import os
from pathlib import Path

from whapco.settings import *  # noqa: F403

ROOT_URLCONF = "tests.isolation.leaks"
UPLOADS_DIR = Path(os.environ["LEAKY_UPLOADS"])
