#!/usr/bin/env bash
# step.sh LABEL COMMAND [ARGUMENT...]: says what is done, does it, says how long it took.
# STEP_LOG names a file that gets one line for each step, and what went wrong in it.
set -euo pipefail
label=$1
shift
printf '\n==> %s\n' "$label"
start=$SECONDS
code=0
output=
if [ -n "${STEP_LOG:-}" ]; then
    output=$(mktemp)
    trap 'rm -f "$output"' EXIT
    { "$@" 2>&1 || exit "$?"; } | tee "$output" || code=$?
else
    "$@" || code=$?
fi
took=$((SECONDS - start))
if [ "$code" -eq 0 ]; then verdict=done; else verdict="FAILED ($code)"; fi
printf '<== %s: %s in %d s\n' "$label" "$verdict" "$took"
if [ -n "${STEP_LOG:-}" ]; then
    printf '%5d s  %s: %s\n' "$took" "$label" "$verdict" >>"$STEP_LOG"
    if [ "$code" -ne 0 ]; then
        { grep -E '✘ Test .*(recorded an issue|failed after)|error:|Fatal error' "$output" || tail -n 20 "$output"; } |
            cut -c 1-600 | head -n 40 | sed 's/^/           /' >>"$STEP_LOG"
    fi
fi
exit "$code"
