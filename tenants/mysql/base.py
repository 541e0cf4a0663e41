"""Opening a company's database takes over the connection that its thread has no more use for.

A new connection costs a TCP handshake, a thread of the server and six round trips; with more
companies than open connections, nearly each request would pay for one. COM_CHANGE_USER instead
logs the old connection in anew, as the other company's user, and the server forgets all that the
session held: transaction, temporary tables, variables, locks.
"""

from typing import Any

from django.db.backends.mysql import base
from MySQLdb import MySQLError

from tenants import connections


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        """`autocommit` None: the server's own way, on, without a round trip to say so."""
        return {"autocommit": None, **super().get_connection_params()}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        taken = connections.take_over(self.settings_dict) if self._may_take_over() else None
        if taken is not None:
            try:
                return self._change_user(taken, conn_params)
            except MySQLError:  # gone meanwhile, or the login is refused: then so will be a new one
                taken.close()
        return super().get_new_connection(conn_params)

    def _may_take_over(self) -> bool:
        return connections.is_companys(self.alias)

    def _change_user(self, taken: Any, conn_params: dict[str, Any]) -> Any:
        user, password = conn_params.get("user", ""), conn_params.get("password", "")
        taken.change_user(user, password, conn_params["database"])
        taken.set_character_set(conn_params["charset"])
        taken.query(conn_params["init_command"])
        return taken
