#!/usr/bin/env bash
# Installs what the tests need when it is missing (a PostgreSQL server, PgBouncer, Chromium), builds everything without a warning
# and runs every test. Arguments go to `dotnet test`. The last line reads "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# Runs a command as root, if that is possible at all.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else
        echo "test.sh: '$*' needs root, and there is no sudo. Install a PostgreSQL server, PgBouncer and Chromium, then run it again." >&2
        exit 1
    fi
}

have_postgres() { [ -n "${JOBRUNNER_TEST_POSTGRES:-}" ] || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; }
have_pgbouncer() { [ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null; }
have_chromium() { [ -x /usr/bin/chromium ]; }

missing=()
have_postgres || missing+=(postgresql)
have_pgbouncer || missing+=(pgbouncer)
have_chromium || missing+=(chromium)
if [ "${#missing[@]}" -gt 0 ]; then
    echo "test.sh: installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
    have_postgres && have_pgbouncer && have_chromium || { echo "test.sh: ${missing[*]} could not be installed" >&2; exit 1; }
fi

dotnet build JobRunner.sln -c Release --nologo -v quiet

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
run() {
    local name=$1
    shift
    dotnet test "tests/$name" -c Release --no-build --nologo --logger "trx;LogFileName=$name.trx" --results-directory "$results" "$@"
}
# Those whose tests mostly wait run beside each other, the output of one line after that of the other; the one that burns processors and
# watches limits of time runs alone.
run Worker.Tests "$@" >"$results/beside.log" 2>&1 &
beside=$!
for project in tests/*.Tests; do
    name=$(basename "$project")
    case $name in Worker.Tests | Sandbox.Tests | Chaos.Tests) ;; *) run "$name" "$@" || status=1 ;; esac
done
run Chaos.Tests "$@" || status=1
wait "$beside" || status=1
cat "$results/beside.log"
run Sandbox.Tests "$@" || status=1

count() { { grep -oh "<Counters [^>]*" "$results"/*.trx || true; } | { grep -oE " $1=\"[0-9]+\"" || true; } | grep -oE '[0-9]+' | awk '{ n += $1 } END { print n + 0 }'; }
total=$(count total) passed=$(count passed)
skipped=$((total - $(count executed)))
failed=$((total - passed - skipped))
# The reasons, which dotnet test does not print: each skipped test has one.
if [ "$skipped" -gt 0 ]; then
    { grep -h -A3 'outcome="NotExecuted"' "$results"/*.trx || true; } | { grep -oE 'testName="[^"]*"|<StdOut>.*|<Message>.*' || true; } |
        sed -E 's/^testName="(.*)"$/Skipped: \1/; s/<[^>]*>/  /g'
fi
if [ "$total" = 0 ]; then echo "test.sh: no test ran" >&2; status=1; fi
[ "$status" = 0 ] || [ "$failed" -gt 0 ] || failed=1 # a runner that crashed is a failure, too
if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
exit "$status"
