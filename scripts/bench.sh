#!/usr/bin/env bash
# make bench: how fast `candor check` is beside tcpdump, on one core, on the same file in the same run.
#
#   CANDOR_SHARED  folder with bench/usermix.pcap (default ../shared); without it the demo bank's traffic is measured instead
#   COPIES=16      how often the capture is repeated, each time with other addresses and later (16: about 0.5 GB)
#   RUNS=5         medians of so many runs
#   BENCH_CACHE    folder for the captures that are made and kept, some GB (default: candor-bench in the temporary folder)
#   BENCH_STRICT=1 fail when candor is below 1.4 million packets per CPU second and below 0.25 of tcpdump's speed, or when
#                  twice the packets take more than 2.2 times the CPU time
#
# Needs tcpdump and GNU time. It measures CPU time, not elapsed time: other programs on the machine disturb that less.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
copies=${COPIES:-16} runs=${RUNS:-5}
cache=${BENCH_CACHE:-${TMPDIR:-/tmp}/candor-bench}
export CANDOR_SHARED=${CANDOR_SHARED:-$(cd .. && pwd)/shared}
[ "$copies" -ge 2 ] && [ "$copies" -le 256 ] || { echo "COPIES: 2 to 256" >&2; exit 2; }

for tool in tcpdump time; do
  type -P "$tool" >/dev/null || { echo "bench: $tool is needed: apt-get install $tool" >&2; exit 2; }
done

mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
candor=$PWD/bin/candor
[ -x "$candor" ] || go build -o "$candor" ./cmd/candor
go build -o "$out/multiply" ./scripts/multiply

# The capture that is repeated.
base=$CANDOR_SHARED/bench/usermix.pcap
if [ ! -r "$base" ]; then
  base=$cache/bank/inside.pcap
  [ -r "$base" ] || "$candor" demo --out "$cache/bank" >/dev/null
  echo "$CANDOR_SHARED/bench/usermix.pcap is not there: measuring the demo bank's traffic, which is easier than a mix of users'."
fi

# repeated COPIES ARGS...: the path of the capture repeated, made if it is not there yet.
repeated() {
  local n=$1; shift
  local file
  file=$cache/$(basename "$base" .pcap)-$(cksum "$base" scripts/multiply/*.go | cksum | cut -d' ' -f1)-$n$(IFS=; echo "$*").pcap
  [ -r "$file" ] || { "$out/multiply" "$@" "$base" "$file.part" "$n" && mv "$file.part" "$file"; }
  echo "$file"
}

median() { sort -g | awk '{a[NR]=$1} END {print NR%2 ? a[(NR+1)/2] : (a[NR/2]+a[NR/2+1])/2}'; }

# timed NAME COMMAND...: appends CPU seconds and KB of memory to a file. candor exits 1 and 2 with findings.
timed() {
  local name=$1 code=0; shift
  env GOMAXPROCS=1 time -q -a -o "$out/$name" -f '%U %S %M' "$@" >"$out/$name.out" 2>"$out/$name.err" || code=$?
  [ "$code" -le 2 ] || { echo "bench: $* ended with $code:" >&2; cat "$out/$name.err" >&2; exit 1; }
}
cpu() { awk '{print $1+$2}' "$out/$1" | median; }
memory() { awk '{print $3/1024}' "$out/$1" | sort -g | tail -1; }
field() { awk -F'[:,]' -v f="\"$1\"" '$1 ~ f {gsub(/[^0-9]/, "", $2); print $2; exit}' "$2"; }

one=$(repeated "$copies")
half=$(repeated $((copies / 2)))
cat "$one" "$half" >/dev/null # from memory, not from disk
for ((i = 0; i < runs; i++)); do
  timed tcpdump tcpdump -nn -r "$one" -w /dev/null
  timed candor "$candor" check --json "$one"
  timed half "$candor" check --json "$half"
done
packets=$(field packets "$out/candor.out")
flows=$(field conn "$out/candor.out")
read -r floor speed ratio growth < <(awk -v p="$packets" -v t="$(cpu tcpdump)" -v c="$(cpu candor)" -v h="$(cpu half)" \
  -v n="$copies" 'BEGIN {k = n / int(n/2) / 2; print p/t, p/c, t/c, c/h/k}')

# Copies at once, each begun seven seconds later: many connections are open together. 36, or about 1.2 GB of them.
many=$((1200000000 / $(stat -c %s "$base")))
many=$((many > 36 ? 36 : many < 2 ? 2 : many))
crowd=$(repeated "$many" -every 7s)
timed crowd "$candor" check --json "$crowd"

row() { printf '%-52s %14s\n' "$1" "$2"; }
number() { printf "%'.$2f" "$1"; }
row "capture, repeated $copies times" "$(number "$(stat -c %s "$one")" 0) bytes"
row "packets" "$packets"
row "connections" "$flows"
row "tcpdump -w /dev/null, packets per CPU second" "$(number "$floor" 0)"
row "candor check --json, packets per CPU second" "$(number "$speed" 0)"
row "share of tcpdump's speed" "$(number "$ratio" 2)"
row "most memory, MB" "$(number "$(memory candor)" 0)"
row "most memory, $many copies at once ($(field conn "$out/crowd.out") connections), MB" "$(number "$(memory crowd)" 0)"
row "CPU time for twice the packets (at most 2.2)" "$(number "$growth" 2) x"

# Two cores: elapsed time of the larger capture on one and on all. Other programs on the machine disturb this.
elapsed() { local best=; for ((k = 0; k < 3; k++)); do local t; t=$({ env GOMAXPROCS="$1" time -q -f '%e' "$candor" check --json "$crowd" >/dev/null; } 2>&1 | tail -1); best=$(printf '%s\n%s\n' "$best" "$t" | grep . | sort -g | head -1); done; echo "$best"; }
row "elapsed on $(nproc) cores, times one core's speed" "$(awk -v a="$(elapsed 1)" -v b="$(elapsed "$(nproc)")" 'BEGIN {printf "%.2f", a / b}') x"

# Zeek's conn.log.
row "lines of conn.log per CPU second" "$(GOMAXPROCS=1 go test ./internal/ingest/zeek -run '^$' -bench '^BenchmarkConn$' -benchtime 3x 2>&1 | awk '{for (i = 2; i <= NF; i++) if ($i == "lines/cpu-s") {print $(i-1); found = 1; exit}} END {if (!found) print "not measured"}')"

# Allocations: of the whole check, and of a packet that completes no record.
allocations() { # PACKAGE BENCHMARK METRIC
  GOMAXPROCS=1 BENCH_CAPTURE=$base go test "./internal/$1" -run '^$' -bench "^$2\$" -benchtime 3x 2>&1 | awk -v m="$3" '{for (i = 2; i <= NF; i++) if ($i == m) {print $(i-1); found = 1; exit}} END {if (!found) print "not measured"}'
}
row "allocations per packet, whole check" "$(allocations source BenchmarkCheck allocs/packet)"
row "allocations per packet that completes no record" "$(allocations source BenchmarkQuietPackets allocs/packet)"

if [ "${BENCH_STRICT:-0}" = 1 ]; then
  awk -v s="$speed" -v r="$ratio" -v g="$growth" 'BEGIN {exit !((s >= 1.4e6 || r >= 0.25) && g <= 2.2)}' ||
    { echo "bench: too slow (BENCH_STRICT)" >&2; exit 1; }
fi
