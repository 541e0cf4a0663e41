# shellcheck shell=bash
# A real MariaDB for the tests: the server that answers, else a throw-away one in a temporary folder.
# Sourced by test.sh and bench.sh. use_mariadb leaves DB_HOST, DB_PORT, DB_USER and DB_PASSWORD
# exported; its arguments are mariadbd's, for a throw-away server.

MARIADB_DIR=
MARIADB_PID=

# Can we log in and create databases there?
mariadb_answers() {
    DB_HOST=$1 DB_PORT=$2 "$PY" - 2>/dev/null <<'PYTHON'
import os
import MySQLdb

connection = MySQLdb.connect(
    host=os.environ["DB_HOST"],
    port=int(os.environ["DB_PORT"]),
    user=os.environ.get("DB_USER") or "root",
    password=os.environ.get("DB_PASSWORD", ""),
    connect_timeout=3,
)
name = f"whapco_probe_{os.getpid()}"
connection.query(f"CREATE DATABASE {name}")
connection.query(f"DROP DATABASE {name}")
PYTHON
}

use_mariadb() {
    local host=${DB_HOST:-127.0.0.1} port=${DB_PORT:-3306}
    "$PY" -c 'import MySQLdb' 2>/dev/null || return 1
    export DB_USER="${DB_USER:-root}" DB_PASSWORD="${DB_PASSWORD:-}"
    if mariadb_answers "$host" "$port"; then
        say "MariaDB: $host:$port"
        export DB_HOST="$host" DB_PORT="$port"
        return 0
    fi
    start_mariadb "$@"
}

start_mariadb() {
    PATH="$PATH:/usr/sbin:/usr/local/sbin"
    # The client's package brings my_print_defaults, which mariadb-install-db calls.
    if ! has mariadbd || ! has my_print_defaults; then
        install_packages mariadb-server-core mariadb-client-core || return 1
    fi
    has mariadbd && has mariadb-install-db || return 1
    MARIADB_DIR=$(mktemp -d)
    local data="$MARIADB_DIR/data" socket="$MARIADB_DIR/socket" log="$MARIADB_DIR/log" owner
    owner=$(id -un)
    DB_PORT=$("$PY" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export DB_HOST=127.0.0.1 DB_PORT DB_USER=root DB_PASSWORD=
    say "MariaDB: uno de usar y tirar en $MARIADB_DIR, puerto $DB_PORT"
    # --force: a container may have no name that resolves.
    mariadb-install-db --no-defaults --user="$owner" --datadir="$data" --skip-test-db --force \
        --auth-root-authentication-method=normal >"$log" 2>&1 || { tail -n 5 "$log" >&2; return 1; }
    mariadbd --no-defaults --user="$owner" --datadir="$data" --socket="$socket" \
        --bind-address=127.0.0.1 --port="$DB_PORT" --pid-file="$MARIADB_DIR/pid" \
        --skip-log-bin "$@" >>"$log" 2>&1 &
    MARIADB_PID=$!
    local tries
    for tries in $(seq 60); do
        mariadb_answers "$DB_HOST" "$DB_PORT" && return 0
        kill -0 "$MARIADB_PID" 2>/dev/null || break
        sleep 0.5
    done
    say "MariaDB no arrancó ($tries intentos):"
    tail -n 5 "$log" >&2
    return 1
}

stop_mariadb() {
    if [ -n "$MARIADB_PID" ]; then
        kill "$MARIADB_PID" 2>/dev/null || true
        wait "$MARIADB_PID" 2>/dev/null || true
    fi
    if [ -n "$MARIADB_DIR" ]; then rm -rf "$MARIADB_DIR"; fi
}
