#!/usr/bin/env bash
# Updates whapco in containers: backs up first, and goes back to what ran before if the new one is
# not well. Run it from anywhere; it works in the project that it lies in.
#
#   deploy/linux/deploy.sh [--ref REF]     REF: a branch, tag or commit; the current branch's newest
#
# DEPLOY_HEALTH_URL (http://127.0.0.1:8000/health/ready) and DEPLOY_HEALTH_SECONDS (120) may be set.
# Nothing here removes a volume, an image or a database.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
COMPOSE=(docker compose --env-file "$ROOT/.env" -f "$ROOT/deploy/linux/compose.yaml")
HEALTH_URL=${DEPLOY_HEALTH_URL:-http://127.0.0.1:8000/health/ready}
HEALTH_SECONDS=${DEPLOY_HEALTH_SECONDS:-120}
REF=""

say() { printf 'whapco: %s\n' "$*"; }
fail() {
    printf 'whapco: %s\n' "$*" >&2
    exit 1
}

main() {
    read_options "$@"
    cd "$ROOT"
    [ -f .env ] || fail "falta $ROOT/.env: copia .env.example y complétalo."
    [ -z "$(git status --porcelain --untracked-files=no)" ] ||
        fail "hay cambios sin guardar en el código: guárdalos o descártalos antes de actualizar."
    exec 9>"$ROOT/data/deploy.lock"
    flock --nonblock 9 || fail "otra actualización está en curso."
    local previous
    previous=$(git rev-parse HEAD)
    back_up
    printf '%s\n' "$previous" >data/version-anterior
    docker image tag whapco:latest whapco:previous 2>/dev/null || say "no hay imagen anterior que conservar."
    if update && is_well; then
        git rev-parse HEAD >data/version
        say "actualizado a $(git rev-parse --short HEAD)."
        return
    fi
    go_back "$previous"
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --ref)
            REF=${2:?--ref necesita un valor}
            shift 2
            ;;
        *) fail "no se entiende «$1»." ;;
        esac
    done
}

back_up() {
    say "respaldo antes de actualizar"
    "${COMPOSE[@]}" run --rm -T web python manage.py backup_databases --tag deploy --gzip --media ||
        fail "el respaldo falló: no se cambió nada."
}

# Without set -e inside an if: each step says whether it worked.
update() {
    say "descargo el código"
    git fetch --quiet --tags origin || return 1
    if [ -n "$REF" ]; then
        git checkout --quiet "$REF" || return 1
    fi
    if git symbolic-ref --quiet HEAD >/dev/null; then
        git merge --quiet --ff-only '@{upstream}' || return 1
    fi
    say "construyo la imagen"
    "${COMPOSE[@]}" build --quiet || return 1
    say "pongo al día las bases de datos"
    "${COMPOSE[@]}" run --rm -T web python manage.py migrate_tenants || return 1
    say "arranco"
    "${COMPOSE[@]}" up --detach --remove-orphans
}

is_well() {
    local end=$((SECONDS + HEALTH_SECONDS))
    while [ "$SECONDS" -lt "$end" ]; do
        if curl --silent --fail --max-time 5 --output /dev/null "$HEALTH_URL"; then
            return 0
        fi
        sleep 2
    done
    say "no respondió sano en $HEALTH_SECONDS s: $HEALTH_URL"
    return 1
}

# The schema stays as it is: older code works with a newer one.
go_back() {
    say "vuelvo a la versión anterior"
    git checkout --quiet --detach "$1"
    docker image tag whapco:previous whapco:latest ||
        "${COMPOSE[@]}" build --quiet ||
        fail "no se pudo volver: revisa con «docker compose logs web»."
    "${COMPOSE[@]}" up --detach --no-build || say "no arrancó: compruebo si algo responde"
    if is_well; then
        fail "la actualización falló y corre la versión anterior ($1). Revisa con «docker compose logs web»."
    fi
    fail "la actualización falló y la versión anterior tampoco responde. Los respaldos están hechos."
}

main "$@"
