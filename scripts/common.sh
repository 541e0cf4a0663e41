# shellcheck shell=bash
# What setup.sh, run.sh, lint.sh and test.sh share. Sourced with the project's folder as the current
# one. Runs on the bash 3.2 of macOS too.

# shellcheck disable=SC2034  # read by the scripts that source this one
PY=.venv/bin/python

say() { printf 'whapco: %s\n' "$*"; }

fail() {
    printf 'whapco: %s\n' "$*" >&2
    exit 1
}

shout() { printf '\n==== %s ====\n\n' "$*" >&2; }

has() { command -v "$1" >/dev/null 2>&1; }

in_ci() { [ "${CI:-}" = true ] || [ "${CI:-}" = 1 ]; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# apt works here, and we are root, or sudo will not hang asking a terminal that is not there.
may_install() {
    has apt-get || return 1
    [ "$(id -u)" -eq 0 ] && return 0
    has sudo || return 1
    sudo -n true 2>/dev/null || [ -t 0 ]
}

# Debian's packages by name; quiet unless they fail. False when they could not be installed.
install_packages() {
    may_install || return 1
    say "instalo los paquetes del sistema que faltan: $*"
    local log
    log=$(mktemp)
    if as_root apt-get -qq -o DPkg::Lock::Timeout=600 update >"$log" 2>&1 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
            -o DPkg::Lock::Timeout=600 install "$@" >"$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    tail -n 5 "$log" >&2
    rm -f "$log"
    return 1
}
