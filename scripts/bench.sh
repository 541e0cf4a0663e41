#!/usr/bin/env bash
# make bench: whole trips of whapco, on SQLite and on MariaDB, beside pywa and beside the floor, on
# this machine alone. Arguments go to bench/run.py: make bench ARGS="--rounds 1 --graph-ms 150".
# The whole matrix with its goals: make bench ARGS=--all (ARGS=--help says how long it takes).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh
. scripts/mariadb.sh

PEER=.venv/bench  # pywa and its server, apart from whapco's own packages

install_peer() {
    cmp -s requirements-bench.txt "$PEER/requirements.txt" && return 0
    say "instalo requirements-bench.txt"
    "$PY" -m venv --clear "$PEER"
    "$PEER/bin/python" -m pip install -qq --disable-pip-version-check -r requirements-bench.txt
    cp requirements-bench.txt "$PEER/requirements.txt"
}

scripts/setup.sh
install_peer
programs=whapco-sqlite,pywa,pywa-sync
trap stop_mariadb EXIT
if use_mariadb --innodb-flush-log-at-trx-commit=1; then
    programs=whapco-sqlite,whapco-mariadb,pywa,pywa-sync,floor-mariadb
fi
"$PY" bench/run.py --programs "$programs" --pywa-python "$PWD/$PEER/bin/python" "$@"
