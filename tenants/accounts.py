"""Users of a MySQL or MariaDB server: one for each company, who reaches its database and no other.

A second wall under the router: what a mistake of ours asks of another company, the server refuses.
Cursors are the driver's own: Django's would write the passwords to its debug log.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any

from tenants.models import Tenant

_USER_EXISTS = 1396
_NAME_LIMIT = 32  # MySQL's; MariaDB has room for more
_SUFFIX_BYTES = 4
# For servers that want capitals, figures and signs in a password, whatever luck dealt.
_POLICY = "-aA1"
_GRANT = re.compile(r"GRANT (?P<what>.+) ON (?P<where>\*|`(?:[^`]|``)+`)\.\* TO ")
# What a grantor must have to give: MySQL gives ALL to whoever has all that a database knows.
_NEEDED = {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES"}


@dataclass(frozen=True)
class Account:
    name: str
    host: str

    @property
    def parameters(self) -> list[str]:
        """For `%s@%s`."""
        return [self.name, self.host]


@dataclass(frozen=True)
class Rights:
    """What the user of a cursor may do, as SHOW GRANTS tells. Of a role it tells the name alone:
    rights that come from one are not seen."""

    user: str
    host: str
    grants: tuple[str, ...]

    def may_create(self, db_name: str) -> bool:
        return "CREATE" in self._on(db_name)

    def may_give_users(self, db_name: str) -> bool:
        """Whether it may make users and let them into the database."""
        return "CREATE USER" in self._on("") and self._on(db_name, to_give=True) >= _NEEDED

    def _on(self, db_name: str, *, to_give: bool = False) -> set[str]:
        """Privileges on the database; without a name, on the whole server."""
        found: set[str] = set()
        for line in self.grants:
            grant = _GRANT.match(line)
            if grant is None or not _covers(grant["where"], db_name):
                continue
            if to_give and "WITH GRANT OPTION" not in line[grant.end() :]:
                continue
            found |= set(grant["what"].split(", "))
        return found | _NEEDED | {"CREATE USER"} if "ALL PRIVILEGES" in found else found


def read_rights(cursor: Any) -> Rights:
    cursor.execute("SELECT CURRENT_USER()")
    name, _, host = cursor.fetchone()[0].rpartition("@")
    cursor.execute("SHOW GRANTS")
    return Rights(name, host, tuple(row[0] for row in cursor.fetchall()))


def own_account(tenant: Tenant, rights: Rights) -> tuple[Account, str]:
    """A name and a password for the company. It may come from where the service's user may: who
    made that one for a single machine does not want doors opened to others."""
    name = _stem(tenant) + secrets.token_hex(_SUFFIX_BYTES)
    return Account(name, rights.host), secrets.token_urlsafe(24) + _POLICY


def is_own(tenant: Tenant) -> bool:
    """Whether the company's user was made here for it."""
    return tenant.db_user.startswith(_stem(tenant))


def create(cursor: Any, account: Account, password: str) -> bool:
    """Whether it had to be made."""
    try:
        cursor.execute("CREATE USER %s@%s IDENTIFIED BY %s", [*account.parameters, password])
    except Exception as error:
        if error.args[:1] != (_USER_EXISTS,):
            raise
        return False
    return True


def let_in(cursor: Any, account: Account, db_name: str) -> None:
    pattern = _grant_pattern(db_name)
    cursor.execute(f"GRANT ALL PRIVILEGES ON {pattern}.* TO %s@%s", account.parameters)


def lock_out(cursor: Any, account: Account, db_name: str) -> None:
    pattern = _grant_pattern(db_name)
    cursor.execute(f"REVOKE ALL PRIVILEGES ON {pattern}.* FROM %s@%s", account.parameters)


def drop(cursor: Any, account: Account) -> None:
    cursor.execute("DROP USER IF EXISTS %s@%s", account.parameters)


def quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _stem(tenant: Tenant) -> str:
    return f"whapco_{tenant.key}"[: _NAME_LIMIT - 2 * _SUFFIX_BYTES - 1] + "_"


def _grant_pattern(name: str) -> str:
    """In GRANT the database is a pattern: unescaped, `acme_1` would open `acmeX1` too."""
    return quote(re.sub(r"([_%\\])", r"\\\1", name))


def _covers(where: str, db_name: str) -> bool:
    if where == "*" or not db_name:
        return where == "*"
    pattern = where[1:-1].replace("``", "`")
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    as_regex = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(as_regex, db_name) is not None
