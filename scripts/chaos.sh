#!/usr/bin/env bash
# make chaos: minutes of kills, locks, Meta's errors and damaged webhooks, on SQLite and on MariaDB;
# an auditor says whether anything was lost, doubled or swapped. The same again:
#   CHAOS_SEED=4711 CHAOS_SECONDS=90 FUZZ_EXAMPLES=2000 scripts/chaos.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh
. scripts/mariadb.sh

export WHAPCO_ENV_FILE=/dev/null
export CHAOS_SEED=${CHAOS_SEED:-$RANDOM} CHAOS_SECONDS=${CHAOS_SECONDS:-90}
export FUZZ_EXAMPLES=${FUZZ_EXAMPLES:-1000}

storm() { "$PY" -m pytest -q -p no:cacheprovider tests/chaos tests/fuzz --hypothesis-seed "$CHAOS_SEED" "$@"; }

scripts/setup.sh --dev
say "CHAOS_SEED=$CHAOS_SEED CHAOS_SECONDS=$CHAOS_SECONDS FUZZ_EXAMPLES=$FUZZ_EXAMPLES"
say "caos en SQLite"
(unset DB_HOST DB_PORT DB_USER DB_PASSWORD && storm "$@")
trap stop_mariadb EXIT
if use_mariadb --innodb-flush-log-at-trx-commit=0; then
    say "caos en MariaDB"
    storm "$@"
else
    shout "NO SE EJECUTÓ: el caos en MariaDB, porque no hay servidor"
fi
