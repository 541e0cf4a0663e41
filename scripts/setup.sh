#!/usr/bin/env bash
# make setup: system packages, virtual environment, pinned requirements, secrets. Whatever is already
# there is left alone, so that a second run takes a moment.
#   scripts/setup.sh         what running needs
#   scripts/setup.sh --dev   the tools of `make test` and `make check` too
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

find_python() {
    local name
    for name in python3 python3.11 python3.12 python3.13 python3.14; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

# "3.11" -> the names of Debian's packages begin with python3.11
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

make_venv() {
    "$PY" -m pip --version >/dev/null 2>&1 && return 0
    local python version
    python=$(find_python) || {
        install_packages python3 python3-venv || true
        python=$(find_python) || fail "hace falta Python 3.11 o más nuevo."
    }
    version=$(version_of "$python")
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        install_packages "python$version-venv" ||
            fail "falta el módulo venv de Python: instale el paquete python$version-venv."
    fi
    say "creo el entorno virtual (.venv, Python $version)"
    "$python" -m venv --clear .venv
}

stamp_of() {
    "$PY" - "$@" <<'PYTHON'
import hashlib, pathlib, sys

parts = [sys.version, *(pathlib.Path(name).read_text() for name in sys.argv[1:])]
print(hashlib.sha256("\n".join(parts).encode()).hexdigest())
PYTHON
}

# -qq: pip prints nothing but errors.
install_requirements() {
    local name=$1 stamp
    stamp=$(stamp_of requirements*.txt)
    [ "$(cat ".venv/.stamp-$name" 2>/dev/null || true)" = "$stamp" ] && return 0
    say "instalo $name.txt"
    "$PY" -m pip install -qq --disable-pip-version-check -r "$name.txt" ||
        fail "pip no pudo instalar $name.txt: el motivo está arriba."
    printf '%s\n' "$stamp" >".venv/.stamp-$name"
}

can_build() {
    has cc && has pkg-config || return 1
    "$PY" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' || return 1
    pkg-config --exists mysqlclient || pkg-config --exists mariadb || pkg-config --exists libmariadb
}

build_mysqlclient() {
    "$PY" -c 'import MySQLdb' 2>/dev/null && return 0
    if ! can_build; then
        if [ "$(uname)" = Darwin ]; then
            say "para MySQL o MariaDB: brew install mariadb-connector-c pkg-config && make setup"
        else
            install_packages build-essential pkg-config libmariadb-dev \
                "python$(version_of "$PY")-dev" || true
        fi
    fi
    local reason="falta un compilador, pkg-config o libmariadb-dev"
    if can_build; then
        say "construyo mysqlclient"
        "$PY" -m pip install -qq --disable-pip-version-check -r requirements.txt \
            >.venv/mysqlclient.log 2>&1 && return 0
        reason="detalle en .venv/mysqlclient.log"
    fi
    say "mysqlclient no se pudo construir ($reason): sin él whapco trabaja con SQLite."
}

make_venv
install_requirements requirements-sqlite
build_mysqlclient
if [ "${1:-}" = --dev ]; then install_requirements requirements-dev; fi
mkdir -p staticfiles  # whitenoise warns without it
"$PY" scripts/write_secrets.py
