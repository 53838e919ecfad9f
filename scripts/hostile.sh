#!/usr/bin/env bash
# What hostile traffic costs: TestHostileLong (CPU time of twice as much, most memory), damaged captures (TestDamaged), and the memory of a long pipe.
#
#   GB=5   how much is piped through `candor check -`: the demo bank's traffic in a loop, each time later
#
# Needs GNU time, some 700 MB of the temporary folder, and minutes. The figures of docs/hostile.md come from here. Damaged captures are those of
# CANDOR_SHARED, each cut and flipped CANDOR_CUTS times (200).
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
gb=${GB:-5}
type -P time >/dev/null || { echo "hostile: GNU time is needed: apt-get install time" >&2; exit 2; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/candor" ./cmd/candor
go build -o "$out/multiply" ./scripts/multiply
"$out/candor" demo --out "$out/bank" >/dev/null
size=$(stat -c %s "$out/bank/inside.pcap")
for share in 8 1; do
  copies=$((gb * 1000000000 / share / size + 1))
  code=0
  "$out/multiply" -same "$out/bank/inside.pcap" - "$copies" |
    GOMAXPROCS=1 time -q -o "$out/time" -f '%U %S %M' "$out/candor" check --agreement "$out/bank/bank.yaml" --json - >"$out/result" || code=$?
  [ "$code" -le 2 ] || { echo "hostile: candor ended with $code" >&2; exit 1; }
  awk -v b=$((copies * size)) '{printf "standard input, %.1f GB: %.1f s of CPU time, %.0f MB\n", b/1e9, $1+$2, $3/1024}' "$out/time"
done
CANDOR_LONG=1 go test ./internal/source -run 'TestHostileLong|TestDamaged' -count=1 -timeout 180m -v
