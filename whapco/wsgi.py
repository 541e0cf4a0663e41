"""WSGI: gunicorn, waitress, runserver. Agents' pages poll, because there is no /eventos here."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whapco.settings")
application = get_wsgi_application()

from whapco.startup import start  # noqa: E402

start()
