#!/usr/bin/env bash
# Fuzzes for so many seconds in all. Every target gets a turn; with little time, a share of them by the day of the year.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
least=${FUZZ_LEAST:-6} # a target needs a few seconds to start at all
mapfile -t targets < <(grep -rhoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' internal cmd -H | sed -E 's#^(.*)/[^/]+:func (Fuzz.*)$#\1 \2#' | sort)
count=${#targets[@]}
if [ "$count" -eq 0 ]; then echo "no fuzz targets"; exit 1; fi
turns=$((seconds / least)); [ "$turns" -gt "$count" ] && turns=$count; [ "$turns" -lt 1 ] && turns=1
each=$((seconds / turns))
start=$(( ($(date +%-j) * turns) % count ))
for ((i = 0; i < turns; i++)); do
  read -r pkg name <<<"${targets[$(((start + i) % count))]}"
  echo "fuzz $name in $pkg for ${each}s"
  go test "./$pkg" -run '^$' -fuzz "^$name\$" -fuzztime "${each}s" >/tmp/fuzz.$$ 2>&1 || { cat /tmp/fuzz.$$; rm -f /tmp/fuzz.$$; exit 1; }
  rm -f /tmp/fuzz.$$
done
echo "fuzzed $turns of $count targets"
