#!/usr/bin/env bash
# Makes the Python environments of the tests under .venv/: real MCP servers and clients of three ages.
#   new      current SDK, current servers     old    the last SDK before 2.0     ancient   a server of January 2025
#   provider   an OpenID Connect provider
# A stamp (interpreter and requirements) says that an environment is complete; a complete one is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
if ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo "test-env: $python is missing, older than 3.10 or without venv: install python3-venv, or set PYTHON" >&2
    exit 1
fi

digest() {
    { "$python" -VV && cat "$1"; } | "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
}

mkdir -p .venv
for name in new old ancient provider; do
    requirements=Tests/python/requirements-$name.txt
    place=.venv/$name
    wanted=$(digest "$requirements")
    if [ -x "$place/bin/python" ] && [ "$(cat "$place/.complete" 2>/dev/null || true)" = "$wanted" ]; then
        echo "test-env: $name is complete"
        continue
    fi
    start=$SECONDS
    echo "test-env: $name: making $place from $requirements"
    rm -rf "$place"
    "$python" -m venv "$place"
    tries=0
    until "$place/bin/python" -m pip install -q --no-input --disable-pip-version-check -r "$requirements" </dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -ge 3 ]; then
            echo "test-env: $name: pip could not install $requirements (is the package index reachable?)" >&2
            exit 1
        fi
        echo "test-env: $name: pip failed, once more"
    done
    printf '%s\n' "$wanted" >"$place/.complete"
    echo "test-env: $name: done in $((SECONDS - start)) s"
done
