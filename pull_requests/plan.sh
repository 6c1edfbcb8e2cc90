#!/usr/bin/env bash
# Plans what a pull request changes, and leaves the reports in a folder: exit-code, report.md, report.html, plan.json, said.txt.
#
# PLAN_SOURCE   folder with the desired state, as the pull request has it
# PLAN_SETTINGS settings, from a bucket or the protected branch; never of the pull request
# PLAN_OBSERVED where envctl publishes its looks (s3://BUCKET/observed); or
# PLAN_BASE     the folder as the protected branch has it: then nothing of AWS is asked
# PLAN_AUTHOR   who wrote it, as the code host calls them
# PLAN_BESIDE   file with refs of the same repository, one a line: what else is open (pull_requests/open_requests.py makes it)
# PLAN_SINCE    plan.json of the run before, not in PLAN_REPORTS: what is otherwise since (pull_requests/earlier_plan.py fetches it)
# PLAN_FILES_AT, PLAN_WHOLE_AT  addresses for links
# PLAN_REPORTS  where the reports go (plan-reports)
#
# It ends with 0 whatever the plan says: what is to become of its exit code is the next step's decision.
set -euo pipefail

reports=${PLAN_REPORTS:-plan-reports}
rm -rf "$reports"
mkdir -p "$reports"

call=(envctl)
[ -z "${PLAN_SETTINGS:-}" ] || call+=(--config "$PLAN_SETTINGS")
options=(plan --source "${PLAN_SOURCE:?name the folder with the desired state}")
[ -z "${PLAN_OBSERVED:-}" ] || options+=(--observed "$PLAN_OBSERVED")
[ -z "${PLAN_BASE:-}" ] || options+=(--base "$PLAN_BASE")
[ -z "${PLAN_AUTHOR:-}" ] || options+=(--author "$PLAN_AUTHOR")
if [ -n "${PLAN_BESIDE:-}" ] && [ -f "$PLAN_BESIDE" ]; then
  while IFS= read -r ref; do options+=("--beside=$ref"); done <"$PLAN_BESIDE"
fi
[ -z "${PLAN_FILES_AT:-}" ] || options+=(--files-at "$PLAN_FILES_AT")
[ -z "${PLAN_WHOLE_AT:-}" ] || options+=(--whole-at "$PLAN_WHOLE_AT")
if [ -z "${PLAN_OBSERVED:-}${PLAN_BASE:-}" ]; then
  echo "PLAN_OBSERVED or PLAN_BASE says what to compare with" >&2
  exit 64
fi

make_plan() {
  code=0
  # A check run holds a little less than a comment.
  "${call[@]}" "${options[@]}" "$@" --budget 65000 --report "$reports/report.md" --report "$reports/report.html" \
    --report "$reports/plan.json" >"$reports/said.txt" 2>&1 || code=$?
}
if [ -n "${PLAN_SINCE:-}" ] && [ -s "$PLAN_SINCE" ]; then
  make_plan --since "$PLAN_SINCE"
  # An earlier plan that is none, or of another version, is no reason to have none now.
  if [ "$code" = 64 ]; then
    sed 's/^/| /' "$reports/said.txt"
    make_plan
  fi
else
  make_plan
fi
echo "$code" >"$reports/exit-code"
if [ "$code" = 1 ]; then
  "${call[@]}" validate "$PLAN_SOURCE" --format json >"$reports/problems.json" 2>/dev/null || true
fi
# Behind a bar nothing of it is a command to whoever reads the log.
sed 's/^/| /' "$reports/said.txt"
