#!/usr/bin/env python3
"""manage.py create_tenant for existing cron lines and habits: same flags, and --env-file."""

from django_command import run

if __name__ == "__main__":
    run("create_tenant")
