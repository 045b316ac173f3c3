#!/bin/sh
# Runs a test that prints TAP. cmocka writes a skipped test as "not ok N # SKIP", which TAP reads as a failure;
# here it becomes what it is. The test's own exit status is kept; one that hangs ends after ten minutes, as a
# failure, and shows what it waits for.
limit=${LINHAY_TEST_TIMEOUT:-600}
status=$(mktemp) || exit 99
trap 'rm -f "$status"' EXIT

# Looks shortly before the end. Killed when there is nothing to see.
watch() {
        trap 'kill "$pause" 2>/dev/null; exit' TERM
        sleep "$((limit - limit / 20 - 1))" >/dev/null 2>&1 &
        pause=$!
        wait "$pause"
        sh "$(dirname "$0")/hang.sh" "$1"
}

{
        shell=$(sh -c 'echo $PPID')
        watch "$shell" &
        watcher=$!
        timeout -k 10 "$limit" "$@" 2>&1
        echo $? >"$status"
        kill "$watcher" 2>/dev/null
} | sed -u 's/^not ok \([0-9][0-9]* # SKIP\)/ok \1/'
exit "$(cat "$status")"
