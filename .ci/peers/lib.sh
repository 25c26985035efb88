# Sourced by the scripts beside it: where peers are installed, how a sandbox is started, and that nothing is left running.
# Peers are third parties' work: they are installed into target/peers by their own package managers and never committed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=$PWD/.ci/peers
peers=$PWD/target/peers
afenda=$(realpath -m "${AFENDA:-target/release/afenda}")
conformance=$(cd "${AFENDA_CONFORMANCE:-${AFENDA_SHARED:-../shared}/conformance}" && pwd)
work=$(mktemp -d)
pids=()
mkdir -p "$peers"

stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

fail() { echo "FAIL: $*"; exit 1; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# packages NAME...: from the host's own distribution, what is missing of a list of commands (python3-venv has none: it is tried).
packages() {
  local missing=()
  for name in "$@"; do
    case $name in
      nodejs) command -v node >/dev/null || missing+=(nodejs) ;;
      python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv) ;;
      *) command -v "$name" >/dev/null || missing+=("$name") ;;
    esac
  done
  if ((${#missing[@]})); then
    { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$work/apt.log" 2>&1 ||
      { tail -20 "$work/apt.log"; fail "not installed: ${missing[*]}"; }
  fi
}
# node_peers NAME...: into target/peers/node, whichever script asks first.
node_peers() {
  packages nodejs npm
  local wanted=$*
  mkdir -p "$peers/node"
  if [ "$(cat "$peers/node/.done" 2>/dev/null)" != "$wanted" ]; then
    [ -f "$peers/node/package.json" ] || echo '{"private": true}' >"$peers/node/package.json"
    npm install --prefix "$peers/node" --no-audit --no-fund --loglevel=error "$@" >"$work/npm.log" 2>&1 || { tail -20 "$work/npm.log"; fail "not installed: $*"; }
    echo "$wanted" >"$peers/node/.done"
  fi
}
# python_peers NAME...: into target/peers/python, never among the host's packages.
python_peers() {
  packages python3 python3-venv
  local wanted=$*
  if [ "$(cat "$peers/python/.done" 2>/dev/null)" != "$wanted" ]; then
    { python3 -m venv "$peers/python" && "$peers/python/bin/pip" install -q --disable-pip-version-check "$@"; } >"$work/pip.log" 2>&1 ||
      { tail -20 "$work/pip.log"; fail "not installed: $*"; }
    echo "$wanted" >"$peers/python/.done"
  fi
}
# sandbox ENV.json [ARGUMENT...]: returns when it listens.
sandbox() {
  local env=$1
  shift
  "$afenda" sandbox --world "$conformance/world.json" --listen 127.0.0.1:0 --env-out "$env" "$@" >/dev/null 2>"$env.log" &
  pids+=($!)
  for _ in $(seq 200); do
    [ -f "$env" ] && return 0
    kill -0 "${pids[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  cat "$env.log"
  fail "the sandbox did not start"
}
