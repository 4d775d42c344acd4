#!/usr/bin/env bash
# The fault suite in its long form against the release programs. Prints what was measured as a table; writes only below .build.
#   faults.sh [PATTERN]   only scenarios whose test names match, such as f02
set -euo pipefail
cd "$(dirname "$0")/.."
report=$PWD/.build/faults.md
rm -f "$report"
mkdir -p .build/tmp
export TMPDIR=$PWD/.build/tmp
export STONEGATE_BIN_DIR=$PWD/.build/release STONEGATE_FAULTS=${STONEGATE_FAULTS:-long} STONEGATE_FAULT_REPORT=$report
code=0
swift test --skip-build --no-parallel --filter "FaultTests.*${1:-}" || code=$?
printf '\nWhat was measured (%s, %s cores):\n\n' "$(uname -srm)" "$(getconf _NPROCESSORS_ONLN)"
cat "$report"
exit "$code"
