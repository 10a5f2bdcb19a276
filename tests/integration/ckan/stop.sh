#!/bin/bash
# Ends the instance that start.sh STATE started, and nothing else. Safe to repeat.
set -uo pipefail
state=$(realpath -m "${1:?state folder}")
postgres_programs=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -1)
rm -f "$state/started"
for name in ckan solr redis; do
    pid=$(cat "$state/run/$name.pid" 2>/dev/null) || continue
    # The id may belong to another process by now: its command must be one that start.sh runs.
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qE "gunicorn|solr_stand_in|redis-server"; then
        kill "$pid"
        for _ in $(seq 100); do
            # One that nobody has collected yet has ended, too: it has no command any more.
            grep -q . "/proc/$pid/cmdline" 2>/dev/null || break
            sleep 0.1
        done
    fi
    rm -f "$state/run/$name.pid"
done
if [ -f "$state/postgres/data/postmaster.pid" ]; then
    stop=("$postgres_programs/pg_ctl" -D "$state/postgres/data" -m fast -w stop)
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "${stop[@]}"); else "${stop[@]}"; fi >/dev/null
fi
exit 0
