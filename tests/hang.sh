#!/bin/sh
# What the children of a process wait for, and all that they started: hang.sh PID. As comments of TAP.
tree() {
        for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
                [ "$child" = $$ ] && continue
                echo "$child"
                tree "$child"
        done
}
for pid in $(tree "$1"); do
        [ -r "/proc/$pid/status" ] || continue
        printf '# %s %s: %s, in %s, call %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline")" \
                "$(sed -n 's/^State:[[:space:]]*//p' "/proc/$pid/status")" "$(cat "/proc/$pid/wchan" 2>/dev/null)" \
                "$(cat "/proc/$pid/syscall" 2>/dev/null)"
        sed 's/^/#         /' "/proc/$pid/stack" 2>/dev/null
        command -v gdb >/dev/null && timeout 20 gdb -p "$pid" -batch -ex bt 2>/dev/null | sed -n 's/^#/#         &/p'
done
exit 0
