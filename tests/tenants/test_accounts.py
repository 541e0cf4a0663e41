"""Names for database users, and what a server says that its users may do."""

import pytest

from tenants import accounts
from tenants.accounts import Account, Rights
from tenants.models import Tenant


@pytest.mark.parametrize(
    ("lines", "db_name", "may_give", "may_create"),
    [
        (["GRANT ALL PRIVILEGES ON *.* TO `r`@`%` WITH GRANT OPTION"], "a", True, True),
        (["GRANT ALL PRIVILEGES ON *.* TO `r`@`%`"], "a", False, True),
        (["GRANT CREATE USER ON *.* TO `r`@`%`"], "a", False, False),
        (["GRANT USAGE ON *.* TO `r`@`%`"], "a", False, False),
        (["GRANT ALL PRIVILEGES ON `a`.* TO `r`@`%`"], "a", False, True),
        (["GRANT ALL PRIVILEGES ON `a\\_%`.* TO `r`@`%`"], "a_1", False, True),
        (["GRANT ALL PRIVILEGES ON `a\\_%`.* TO `r`@`%`"], "ax1", False, False),
        (["GRANT ALL PRIVILEGES ON `a_%`.* TO `r`@`%`"], "ax1", False, True),
        (["GRANT SELECT ON `a`.`t` TO `r`@`%`", "GRANT `admin`@`%` TO `r`@`%`"], "a", False, False),
        (
            [  # MySQL 8 tells each by its name
                "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, REFERENCES, INDEX,"
                " ALTER, CREATE USER ON *.* TO `root`@`localhost` WITH GRANT OPTION",
                "GRANT BACKUP_ADMIN,ROLE_ADMIN ON *.* TO `root`@`localhost` WITH GRANT OPTION",
                "GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION",
            ],
            "a",
            True,
            True,
        ),
    ],
)  # fmt: skip
def test_what_a_server_says_of_rights(
    lines: list[str], db_name: str, may_give: bool, may_create: bool
) -> None:
    rights = Rights("r", "%", tuple(lines))
    assert (rights.may_give_users(db_name), rights.may_create(db_name)) == (may_give, may_create)


def test_no_two_accounts_are_alike() -> None:
    rights = Rights("r", "10.0.0.%", ())
    made = [accounts.own_account(Tenant(key="a" * 63), rights) for _ in range(50)]
    assert len({account.name for account, _ in made}) == len({word for _, word in made}) == 50
    assert {account.host for account, _ in made} == {"10.0.0.%"}
    assert {len(account.name) for account, _ in made} == {32}
    assert made[0][0] == Account(made[0][0].name, "10.0.0.%")
