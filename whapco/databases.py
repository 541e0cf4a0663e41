"""The database that settings name: MySQL or MariaDB where there is a DB_HOST, else SQLite."""

from pathlib import Path
from typing import Any


def control_database(env: Any, folder: Path) -> dict[str, Any]:
    """An entry of DATABASES; SQLite's file lies in `folder`, the project's."""
    return _server(env) if env.str("DB_HOST", default="") else _file(env, folder)


def _server(env: Any) -> dict[str, Any]:
    return {
        "ENGINE": "tenants.mysql",
        "NAME": env.str("DB_NAME", default="whapco"),
        "HOST": env.str("DB_HOST"),
        "PORT": env.str("DB_PORT", default="3306"),
        "USER": env.str("DB_USER", default="root"),
        "PASSWORD": env.str("DB_PASSWORD", default=""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "charset": "utf8mb4",
            # Under REPEATABLE READ the gap locks of a reader block the webhook's inserts.
            "isolation_level": "read committed",
            "connect_timeout": 5,
            "init_command": "SET sql_mode='STRICT_TRANS_TABLES'",
        },
        "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_ci"},
    }


def _file(env: Any, folder: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / env.str("DB_NAME", default="data/whapco.sqlite3")),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            " PRAGMA foreign_keys=ON;",
        },
    }
