#!/usr/bin/env bash
# make messages: collect the Spanish texts into locale/en and compile the catalogue. Needs gettext.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

scripts/setup.sh
has msgfmt || install_packages gettext || fail "hace falta gettext."
mkdir -p locale
"$PY" manage.py makemessages --locale en --no-location --no-wrap --no-obsolete \
    --ignore .venv --ignore tests --ignore bench --ignore staticfiles
"$PY" manage.py compilemessages --ignore .venv
