#!/usr/bin/env bash
# Two tenants behind one gateway: what each sees, what it cannot reach, and what happens when a token ends.
# Needs bash and curl, and stonegate: in the path, built in this checkout, or named by STONEGATE.
set -euo pipefail
cd "$(dirname "$0")"

built=$(cd ../.. && pwd)/.build/debug/stonegate
export STONEGATE=${STONEGATE:-$(command -v stonegate || echo "$built")}
export STONEGATE_CONFIG=$PWD/config.toml STONEGATE_SERVER_PORT=${PORT:-3399}
STONEGATE_SERVER_DATA_DIR=$(mktemp -d)
export STONEGATE_SERVER_DATA_DIR
# In a real setup these come from wherever secrets are kept.
export ACME_NOTES_KEY=key-of-acme GLOBEX_NOTES_KEY=key-of-globex
url=http://127.0.0.1:$STONEGATE_SERVER_PORT

"$STONEGATE" serve >"$STONEGATE_SERVER_DATA_DIR/log" 2>&1 &
gateway=$!
trap 'kill $gateway; wait $gateway || true; rm -rf "$STONEGATE_SERVER_DATA_DIR"' EXIT
curl --silent --output /dev/null --retry 50 --retry-connrefused --retry-delay 1 --retry-max-time 30 "$url/health"

say() { printf '\n== %s\n' "$1"; }
token() { "$STONEGATE" agent add "$1" --tenant "$2" 2>/dev/null; }
# ask TOKEN ARGUMENTS…: a request of an agent.
ask() {
    local token=$1
    shift
    curl --silent --show-error --header "Authorization: Bearer $token" "$@"
    echo
}
# call TOKEN SERVER TOOL: a call; the id that every answer has of its own is left out.
call() {
    ask "$1" "$url/call" --data "{\"server\":\"$2\",\"tool\":\"$3\",\"arguments\":{\"text\":\"hello\"}}" |
        sed 's/,"\(correlation_id\|duration_ms\)":[^,}]*//g'
}
names() { ask "$1" "$url/tools" | grep --only-matching '"name":"[^"]*","server":"[^"]*"' | sed 's/"//g; s/name://; s/,server:/ of /'; }

acme=$(token assistant acme)
globex=$(token assistant globex)

say "Without a token nobody comes in"
curl --silent "$url/tools" | sed 's/,"correlation_id":[^,}]*//'
echo

# A first call makes sure that the servers have listed what they have.
call "$acme" payroll echo >/dev/null
call "$acme" notes echo >/dev/null

say "What acme's assistant sees"
names "$acme"
say "What globex's assistant sees"
names "$globex"

say "acme calls payroll"
call "$acme" payroll echo
say "globex calls payroll, and a server that does not exist: the same answer"
call "$globex" payroll echo
call "$globex" parroll echo

say "Why? The operator asks"
"$STONEGATE" explain-access globex/assistant payroll/echo || true
"$STONEGATE" explain-access acme/assistant payroll/echo

say "Who may come in"
"$STONEGATE" agent list

say "acme's token ends"
"$STONEGATE" agent remove acme/assistant
call "$acme" notes echo
