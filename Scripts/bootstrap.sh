#!/usr/bin/env bash
# Installs the system packages that are missing: apt-get as root or with sudo that asks for no password, brew on macOS.
# Elsewhere it says exactly what to install. Does nothing when everything is there.
#   bootstrap.sh         what building needs
#   bootstrap.sh test    and what the tests need
set -euo pipefail
purpose=${1:-build}
system=$(uname -s)
missing=()

have() { command -v "$1" >/dev/null 2>&1; }
have_library() { have pkg-config && pkg-config --exists "$1"; }

if [ "$system" = Darwin ] && have brew; then
    for keg in curl openssl@3; do
        prefix=$(brew --prefix "$keg" 2>/dev/null || true)
        if [ -n "$prefix" ]; then PKG_CONFIG_PATH="$prefix/lib/pkgconfig:${PKG_CONFIG_PATH:-}"; fi
    done
    export PKG_CONFIG_PATH
fi

need() { # Debian's name, Homebrew's name
    if [ "$system" = Darwin ]; then missing+=("$2"); else missing+=("$1"); fi
}

find_missing() {
    missing=()
    have pkg-config || need pkg-config pkg-config
    have_library libcurl || need libcurl4-openssl-dev curl
    have_library libcrypto || need libssl-dev openssl@3
    have_library sqlite3 || need libsqlite3-dev sqlite
    have git || need git git
    if [ "$purpose" = test ]; then
        have openssl || need openssl openssl@3
        python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || need python3-venv python@3.11
    fi
}

if ! have swift; then
    echo "bootstrap: swift is missing: install Swift 6.3 or newer from https://www.swift.org/install" >&2
    exit 1
fi

find_missing
if [ "${#missing[@]}" -eq 0 ]; then
    echo "bootstrap: every system package is there"
    exit 0
fi

install=()
if [ "$system" = Darwin ]; then
    install=(brew install "${missing[@]}")
    if ! have brew; then
        echo "bootstrap: missing: ${missing[*]}. Install Homebrew, then run: ${install[*]}" >&2
        exit 1
    fi
elif have apt-get; then
    install=(apt-get install -y --no-install-recommends "${missing[@]}")
    if [ "$(id -u)" -ne 0 ]; then
        if ! have sudo || ! sudo -n true 2>/dev/null; then
            echo "bootstrap: missing: ${missing[*]}. Run this, then try again:" >&2
            echo "    sudo apt-get update && sudo ${install[*]}" >&2
            exit 1
        fi
        install=(sudo -n "${install[@]}")
        echo "bootstrap: sudo apt-get update"
        sudo -n apt-get update -qq
    else
        echo "bootstrap: apt-get update"
        apt-get update -qq
    fi
    export DEBIAN_FRONTEND=noninteractive
else
    echo "bootstrap: missing, by their Debian names: ${missing[*]}. Install your system's equivalents, then try again." >&2
    exit 1
fi

echo "bootstrap: ${install[*]}"
"${install[@]}" </dev/null
find_missing
if [ "${#missing[@]}" -ne 0 ]; then
    echo "bootstrap: still missing after the installation: ${missing[*]}" >&2
    exit 1
fi
