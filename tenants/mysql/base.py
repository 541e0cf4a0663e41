"""Opening a company's database takes over the connection that its thread has no more use for.

A new connection costs a TCP handshake, a thread of the server and six round trips; with more
companies than open connections, nearly each request would pay for one. COM_CHANGE_USER instead
logs the old connection in anew, as the other company's user, and the server forgets all that the
session held: transaction, temporary tables, variables, locks.
"""

from typing import Any

from django.db.backends.mysql import base
from django.db.backends.utils import debug_transaction
from MySQLdb import MySQLError

from tenants import connections


class DatabaseWrapper(base.DatabaseWrapper):
    _unsaid = ""  # what the session is yet to be told: see `_log_in`

    def get_connection_params(self) -> dict[str, Any]:
        """`autocommit` None: the server's own way, on, without a round trip to say so."""
        return {"autocommit": None, **super().get_connection_params()}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        taken, self._unsaid = None, ""
        if connections.is_companys(self.alias):
            taken = connections.take_over(self.settings_dict)
        if taken is not None:
            try:
                return self._log_in(taken, conn_params)
            except MySQLError:  # gone meanwhile, or the login is refused: then so will be a new one
                taken.close()
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: Any = None) -> Any:
        if self._unsaid:
            self._run("")
        return super().create_cursor(name)

    def _start_transaction_under_autocommit(self) -> None:
        """What Django asks of engines whose autocommit is best left on: one round trip, where
        turning it off and on again takes two."""
        with debug_transaction(self, "BEGIN"), self.wrap_database_errors:
            self._run("BEGIN")

    def _log_in(self, taken: Any, conn_params: dict[str, Any]) -> Any:
        """One round trip, and the rest with the first statement: each may cost a turn at Python's
        lock while others compute."""
        user, password = conn_params.get("user", ""), conn_params.get("password", "")
        charset, level = conn_params["charset"], str(self.isolation_level).upper()
        taken.change_user(user, password, conn_params["database"])
        self._unsaid = (
            f"{conn_params['init_command']}; SET SESSION TRANSACTION ISOLATION LEVEL {level}; "
        )
        self.isolation_level = None  # said: Django need not say it again
        if taken.character_set_name() != charset:  # what the client escapes by
            taken.set_character_set(charset)
        return taken

    def _run(self, statement: str) -> None:
        """With what is still to be said to a connection that was taken over, in one round trip."""
        text, self._unsaid = self._unsaid + statement, ""
        self.connection.query(text.removesuffix("; "))
        while self.connection.next_result() == 0:
            pass
