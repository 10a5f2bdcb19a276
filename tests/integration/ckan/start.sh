#!/bin/bash
# Starts a CKAN 2.12 with a state of its own for tests; everything on 127.0.0.1, on free ports.
#
#   start.sh STATE CACHE
#
# STATE  folder for databases, files and logs of this instance; stop.sh STATE ends it
# CACHE  folder for the virtual environment with CKAN, kept from run to run
#
# Prints "ADDRESS TOKEN" (a sysadmin's) last. Safe to repeat: a running instance is only named.
# Needs: PostgreSQL and Redis of Debian, curl, python3; where root runs it, user postgres
# runs the database, which refuses root.
set -euo pipefail
state=$(realpath -m "${1:?state folder}")
cache=$(realpath -m "${2:?cache folder}")
here=$(cd "$(dirname "$0")" && pwd)
postgres_programs=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -1)
ckan_version=2.12.0

if [ -f "$state/started" ] && curl -sf -o /dev/null "$(cut -d' ' -f1 "$state/started")/api/3/action/status_show"; then
    cat "$state/started"
    exit
fi
"$here/stop.sh" "$state"
rm -rf "$state"
mkdir -p "$state"/{run,storage,webassets} "$cache"
chmod 755 "$state"
trap '[ -f "$state/started" ] || "$here/stop.sh" "$state"' EXIT

environment="$cache/ckan-$ckan_version"
if [ ! -f "$environment/complete" ]; then
    echo "installing CKAN $ckan_version (a few minutes, once)" >&2
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet "ckan[requirements]==$ckan_version" gunicorn >&2
    touch "$environment/complete"
fi
export PATH="$environment/bin:$PATH"

as_postgres() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

read -r postgres_port redis_port solr_port ckan_port < <(python - <<'PYTHON'
import socket
sockets = [socket.socket() for _ in range(4)]
for each in sockets:
    each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in sockets))
PYTHON
)

# --- PostgreSQL: durability is off, the data lives as long as the tests
[ "$(id -u)" != 0 ] || install -d -o postgres "$state/postgres"
mkdir -p "$state/postgres"
as_postgres "$postgres_programs/initdb" -D "$state/postgres/data" -A trust -E UTF8 --locale=C.UTF-8 -U postgres >"$state/run/initdb.log"
as_postgres "$postgres_programs/pg_ctl" -D "$state/postgres/data" -w -l "$state/postgres/log" start -o "-p $postgres_port \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c synchronous_commit=off -c full_page_writes=off" >&2
export PGHOST=127.0.0.1 PGPORT=$postgres_port PGUSER=postgres
for role in ckan_default datastore_reader; do
    psql --quiet --command "create role $role login nosuperuser password 'pass'"
done
createdb --owner ckan_default ckan_default
createdb --owner ckan_default datastore_default

# --- Redis, and what stands in for Solr
redis-server --port "$redis_port" --bind 127.0.0.1 --save "" --dir "$state/run" --daemonize yes \
    --pidfile "$state/run/redis.pid" >/dev/null
schema=$(python -c 'import ckan, pathlib; print(pathlib.Path(ckan.__file__).parent / "config/solr/schema.xml")')
setsid nohup python "$here/solr_stand_in.py" --port "$solr_port" --schema "$schema" >"$state/run/solr.log" 2>&1 </dev/null &
echo $! >"$state/run/solr.pid"

# --- CKAN
address="http://127.0.0.1:$ckan_port"
database="postgresql://%s:pass@127.0.0.1:$postgres_port/%s"
export CKAN_INI="$state/ckan.ini"
ckan generate config "$CKAN_INI" >"$state/run/config.log"
# shellcheck disable=SC2059
ckan config-tool "$CKAN_INI" \
    "sqlalchemy.url=$(printf "$database" ckan_default ckan_default)" \
    "ckan.datastore.write_url=$(printf "$database" ckan_default datastore_default)" \
    "ckan.datastore.read_url=$(printf "$database" datastore_reader datastore_default)" \
    "ckan.redis.url=redis://127.0.0.1:$redis_port/0" \
    "solr_url=http://127.0.0.1:$solr_port/solr/ckan" \
    "ckan.site_url=$address" "ckan.storage_path=$state/storage" "ckan.webassets.path=$state/webassets" \
    "ckan.max_resource_size=2000" "ckan.plugins=activity datastore datatables_view text_view" \
    "ckan.auth.user_create_organizations=false" "ckan.auth.create_user_via_web=false" >>"$state/run/config.log"
ckan db init >"$state/run/database.log" 2>&1
ckan db pending-migrations --apply >>"$state/run/database.log" 2>&1
ckan datastore set-permissions 2>/dev/null | psql --quiet --set ON_ERROR_STOP=1 >/dev/null
ckan user add admin email=admin@example.org password=adminpass123 >"$state/run/admin.log" 2>&1
ckan sysadmin add admin >>"$state/run/admin.log" 2>&1
token=$(ckan user token add -q admin tests 2>>"$state/run/admin.log" | tail -1)

cat >"$state/wsgi.py" <<'PYTHON'
import os
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app
application = make_app(CKANConfigLoader(os.environ["CKAN_INI"]).get_config())
PYTHON
cd "$state"
setsid nohup gunicorn -b "127.0.0.1:$ckan_port" -w 2 --threads 4 -t 600 --pid "$state/run/ckan.pid" wsgi:application \
    >"$state/run/ckan.log" 2>&1 </dev/null &
for _ in $(seq 240); do
    if curl -sf -o /dev/null "$address/api/3/action/status_show"; then
        echo "$address $token" | tee "$state/started"
        exit
    fi
    sleep 0.25
done
echo "CKAN did not start; see $state/run" >&2
exit 1
