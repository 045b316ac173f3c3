#!/bin/sh
# Runs a test that prints TAP. cmocka writes a skipped test as "not ok N # SKIP", which TAP reads as a failure;
# here it becomes what it is. The test's own exit status is kept; one that hangs ends after ten minutes, as a
# failure, and shows what it waits for. Where the machine itself stood still, as a virtual one may, every clock has
# jumped and every limit of time may have passed: then a failure tells nothing of the test, which runs once more.
limit=${LINHAY_TEST_TIMEOUT:-600}
files=$(mktemp -d) || exit 99
# Not at EXIT, nor at TERM: the watcher, killed in its first moment, still has the traps of this shell.
trap 'rm -rf "$files"; exit 130' INT HUP

# Counts the seconds that the machine was there for. Ends with the test, or with the shell that runs it.
watch() {
        trap 'kill "$pause" 2>/dev/null; exit' TERM
        seconds=0
        read -r before _ </proc/uptime
        while [ "$seconds" -lt "$limit" ]; do
                sleep 1 >/dev/null 2>&1 &
                pause=$!
                wait "$pause"
                kill -0 $$ 2>/dev/null || exit
                read -r now _ </proc/uptime
                [ $((${now%.*} - ${before%.*})) -lt 10 ] || echo "$((${now%.*} - ${before%.*}))" >"$files/stood-still"
                before=$now
                seconds=$((seconds + 1))
        done
        sh "$(dirname "$0")/hang.sh" $$
        for child in $(cat "/proc/$$/task/$$/children"); do
                [ "$(cat "/proc/$child/comm")" != timeout ] || kill "$child"
        done
}

# timeout leads the test's group of processes; its own limit is for a watcher that was killed.
run() {
        watch >"$files/hang" &
        watcher=$!
        timeout -k 10 "$((10 * limit))" "$@" >"$files/output" 2>&1
        status=$?
        kill "$watcher" 2>/dev/null
        wait "$watcher" 2>/dev/null
}

run "$@"
if [ "$status" != 0 ] && [ -f "$files/stood-still" ]; then
        echo "# the machine stood still for $(cat "$files/stood-still") s meanwhile; once more"
        sed 's/^/# /' "$files/output"
        rm -f "$files/stood-still"
        run "$@"
fi
sed 's/^not ok \([0-9][0-9]* # SKIP\)/ok \1/' "$files/output"
[ ! -s "$files/hang" ] || cat "$files/hang"
rm -rf "$files"
exit "$status"
