#!/usr/bin/env bash
# Checks the sandbox protocol against vscode-jsonrpc, at both ends. Needs dotnet, node 20 and npm, and npm's registry for the first
# run; so it is no part of test.sh. The last line reads "N passed, N failed".
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
peer=$root/tests/peers/vscode-jsonrpc
tests=$root/artifacts/bin/Sandbox.Tests/debug

dotnet build "$root/tests/Sandbox.Tests" --nologo --verbosity quiet
npm ci --prefix "$peer" --no-audit --no-fund --loglevel error

passed=0 failed=0
# A part that ends without its sum has failed as a whole.
part() {
  local output
  output=$("${@:2}" 2>&1) || true
  echo "$1"
  sed 's/^/  /' <<<"$output"
  if [[ $(tail -n 1 <<<"$output") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  else
    failed=$((failed + 1))
  fi
}
part "vscode-jsonrpc as the worker's end, our sandbox" node "$peer/parent.mjs" "$tests"
part "our worker's end, vscode-jsonrpc as the sandbox" dotnet "$tests/Sandbox.Tests.dll" peer node "$peer/child.mjs"
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
