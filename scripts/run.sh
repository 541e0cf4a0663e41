#!/usr/bin/env bash
# make run: everything from nothing to a server on http://127.0.0.1:8000, Ctrl+C stops it.
# Without settings of your own (no .env, no DB_HOST or META_TOKEN exported) it is the demo: SQLite,
# a demo company and a simulated phone. With them it starts your installation and adds nothing.
# DEMO=1 or DEMO=0, exported or in .env, decides otherwise. PORT=8001 make run changes the port.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

has_own_settings() {
    [ -f "${WHAPCO_ENV_FILE:-.env}" ] || [ -n "${DB_HOST:-}${META_TOKEN:-}" ]
}

scripts/setup.sh
if [ -z "${DEMO:-}" ] && ! has_own_settings; then export DEMO=1; fi
settings=$("$PY" -c 'from whapco import settings; print(settings.PORT, int(settings.DEMO))')
export PORT="${settings% *}"
if (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
    fail "el puerto $PORT ya está en uso: pruebe con PORT=$((PORT + 1)) make run"
fi
if [ "${settings#* }" = 1 ]; then
    "$PY" manage.py demo
else
    say "bandeja http://127.0.0.1:$PORT/ · panel http://127.0.0.1:$PORT/admin/ (sus propios ajustes, sin demostración)"
fi
"$PY" manage.py check_speech --brief
exec "$PY" -m uvicorn whapco.asgi:application --host 127.0.0.1 --port "$PORT" \
    --no-proxy-headers --timeout-graceful-shutdown 5 --log-level warning
