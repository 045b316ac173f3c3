#!/bin/sh
# Runs a test that prints TAP. cmocka writes a skipped test as "not ok N # SKIP", which TAP reads as a failure;
# here it becomes what it is. The test's own exit status is kept; one that hangs ends after ten minutes, as a failure.
status=$(mktemp) || exit 99
trap 'rm -f "$status"' EXIT
{ timeout -k 10 "${LINHAY_TEST_TIMEOUT:-600}" "$@" 2>&1; echo $? >"$status"; } | sed -u 's/^not ok \([0-9][0-9]* # SKIP\)/ok \1/'
exit "$(cat "$status")"
