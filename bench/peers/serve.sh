# shellcheck shell=bash
# Sourced by the kits that load another engine's server: waits for it, and drives it with Penstock's load generator,
# so that every engine is seen by the same client, with the same token ids, lengths and arrivals.

# Settings, each of which the environment can set.
: "${MODEL:?set MODEL to a checkpoint directory or ORG/NAME}"
: "${INPUT_LEN:=1024}"           # prompt tokens, exactly
: "${OUTPUT_LEN:=256}"           # output tokens, exactly: end tokens are ignored
: "${CONCURRENCY:=1 32 100 256}" # requests in flight, a run each
: "${PROMPTS_PER_STREAM:=8}"     # requests of a run, for each one in flight
: "${SEED:=0}"
: "${PORT:=8000}"
: "${READY_SECONDS:=900}"
: "${RESULTS:=bench/results}"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
server_pid=

# Ends the server that this script started, and no other.
stop_server() {
    if [ -n "$server_pid" ] && kill -0 "$server_pid" 2>/dev/null; then
        kill "$server_pid"
        wait "$server_pid" || true
    fi
}
trap stop_server EXIT

# need COMMAND WHAT: says in one line what is missing.
need() {
    if ! command -v "$1" >/dev/null; then
        echo "$0: $1 is not installed: $2" >&2
        exit 3
    fi
}

# start COMMAND...: a server in the background, its output in a file.
start() {
    local log
    log=$(mktemp "${TMPDIR:-/tmp}/peer-server.XXXXXX")
    echo "starting: $*" >&2
    echo "its output: $log" >&2
    "$@" >"$log" 2>&1 &
    server_pid=$!
    local waited=0
    until curl --silent --fail --output /dev/null "http://127.0.0.1:$PORT/v1/models"; do
        if ! kill -0 "$server_pid" 2>/dev/null; then
            echo "$0: the server ended before it was ready; the last of $log:" >&2
            tail -n 20 "$log" >&2
            exit 1
        fi
        if [ "$waited" -ge "$READY_SECONDS" ]; then
            echo "$0: the server was not ready after $READY_SECONDS s; see $log" >&2
            exit 1
        fi
        sleep 1
        waited=$((waited + 1))
    done
    echo "ready after about $waited s" >&2
}

# measure ENGINE VERSION: one closed loop for each number of requests in flight; the first run warms up and is not kept.
measure() {
    local engine=$1 version=$2 streams
    cd "$repository" || exit 1
    load "${CONCURRENCY%% *}" >/dev/null
    for streams in $CONCURRENCY; do
        load "$streams" --save-result "$RESULTS" --label "$engine" --metadata "engine=$engine" "engine_version=$version"
    done
}

load() {
    local streams=$1
    shift
    ./penstock bench serve --base-url "http://127.0.0.1:$PORT" --tokenizer "$MODEL" --dataset-name random \
        --random-input-len "$INPUT_LEN" --random-output-len "$OUTPUT_LEN" --ignore-eos --seed "$SEED" \
        --max-concurrency "$streams" --num-prompts $((streams * PROMPTS_PER_STREAM)) "$@"
}
