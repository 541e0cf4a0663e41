#!/usr/bin/env bash
# The gates that read code without running it; the first that fails stops.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

gate() {
    local name=$1
    shift
    say "$name"
    "$@" || fail "no pasa: $name"
}

BIN=.venv/bin
export DJANGO_SETTINGS_MODULE=tests.settings WHAPCO_ENV_FILE=/dev/null
gate "ruff format --check" "$BIN/ruff" format --check --quiet .
gate "ruff check" "$BIN/ruff" check --quiet .
gate "mypy" "$BIN/mypy" --no-error-summary
gate "lint-imports" "$BIN/lint-imports"
gate "makemigrations --check" "$PY" manage.py makemigrations --check --dry-run
git ls-files -z -- '*.html' | xargs -0 "$BIN/djade" --check --target-version 5.2 ||
    fail "no pasa: djade --check"
