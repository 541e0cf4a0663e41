#!/usr/bin/env python3
"""manage.py backup_databases for existing cron lines: same flags, from any folder."""

from django_command import run

if __name__ == "__main__":
    run("backup_databases")
