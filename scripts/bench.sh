#!/usr/bin/env bash
# make bench: every benchmark of bench/, one after the other; it never talks to another machine.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

scripts/setup.sh --dev
for file in bench/bench_*.py; do
    say "$file"
    "$PY" "$file" "$@"
done
