#!/usr/bin/env bash
# make test: the gates, then the whole suite on SQLite and on a real MariaDB. Arguments go to pytest.
#   scripts/test.sh            everything
#   scripts/test.sh --sqlite   without MariaDB: what `make check` runs
# The server is DB_HOST:DB_PORT (DB_USER, DB_PASSWORD) or 127.0.0.1:3306 as root without password if
# one answers, else a throw-away one. What cannot run here is said loudly; with CI=true it fails.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh
. scripts/mariadb.sh
. scripts/brokers.sh

ENGINES=both
if [ "${1:-}" = --sqlite ]; then
    ENGINES=sqlite
    shift
fi
SKIPPED=0
# A file stays with one process; databases and servers carry its name. More than 4 gain nothing.
TOGETHER=(--numprocesses=auto --maxprocesses=4 --dist=loadfile)
SAME=(--hypothesis-profile=ci) # a gate tries the same examples each time; `pytest` alone goes exploring

# A developer's own settings stay out of the tests; only the server of MariaDB is theirs to choose.
export WHAPCO_ENV_FILE=/dev/null
while read -r name; do
    case $name in
    DB_HOST | DB_PORT | DB_USER | DB_PASSWORD) ;;
    *) unset "$name" ;;
    esac
done < <(sed -n 's/^#*\([A-Z][A-Z_]*\)=.*/\1/p' .env.example)

not_run() {
    shout "NO SE EJECUTARON: $*"
    SKIPPED=1
}

has_chromium() { [ -x /usr/bin/chromium ]; } # where tests/browser looks for it

sqlite_pass() {
    local browser=()
    if ! has_chromium && ! install_packages chromium; then
        browser=(-m "not browser")
        not_run "las pruebas de navegador (tests/browser), porque no hay Chromium"
    fi
    say "pruebas en SQLite" # one file is not for several processes: tests/scale runs on MariaDB
    env -u DB_HOST -u DB_PORT -u DB_USER -u DB_PASSWORD \
        "$PY" -m pytest "${TOGETHER[@]}" "${SAME[@]}" ${browser[@]+"${browser[@]}"} "$@"
}

mariadb_pass() {
    if ! use_mariadb --innodb-flush-log-at-trx-commit=0; then
        not_run "las pruebas en MariaDB, porque no hay servidor, ni mariadbd, ni mysqlclient"
        return 0
    fi
    local which="not browser"
    if ! use_brokers || ! use_compose; then
        which="not browser and not scale"
        not_run "las pruebas de varios procesos (tests/scale), porque faltan Redis, RabbitMQ o compose"
    fi
    say "pruebas en MariaDB"
    "$PY" -m pytest "${TOGETHER[@]}" "${SAME[@]}" -m "$which" "$@"
}

scripts/setup.sh --dev
scripts/lint.sh
sqlite_pass "$@"
if [ "$ENGINES" = both ]; then
    trap 'stop_brokers; stop_mariadb' EXIT
    mariadb_pass "$@"
fi
if [ "$SKIPPED" = 1 ]; then
    if in_ci; then fail "en CI ninguna prueba puede faltar."; fi
    say "pasó lo que se pudo ejecutar; lo que falta se dijo arriba."
else
    say "todo pasa."
fi
