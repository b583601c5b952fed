#!/usr/bin/env bash
# openclaw 2026.9.6 (plugin-sdk/routing): an account named in Japanese or Russian letters is the account "default".
# Guessed: other letters are kept or refused. Seen: a name without any Latin letter or digit becomes "default" (an agent's
# becomes "main"), "team.a" and "Team A" become one account "team-a", "ward_3" and "ward 3" stay two.
# A binding of an agent to account "北棟" so takes what account "default" receives.
# A channel's setup must refuse a name that does not come back as it was written.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error --ignore-scripts \
  openclaw@2026.9.6 >/dev/null
cat >probe.mjs <<'JS'
import { readFileSync } from "node:fs";
import { normalizeAccountId, normalizeAgentId, resolveAgentRoute } from "openclaw/plugin-sdk/routing";
/** Prints what was seen and ends the script where it is no longer what was written down. */
function seen(what, actual, expected) {
  console.log(`${what} -> ${JSON.stringify(actual)}`);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  console.error(`CHANGED: ${what} was ${JSON.stringify(expected)}`);
  process.exit(1);
}
for (const name of ["openclaw"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
seen("accounts", ["北棟", "Нева", "team.a", "Team A", "ward 3", "ward_3"].map(normalizeAccountId), ["default", "default", "team-a", "team-a", "ward-3", "ward_3"]);
seen("agents", ["北棟", "Нева"].map(normalizeAgentId), ["main", "main"]);
const cfg = {
  agents: { list: [{ id: "main", default: true }, { id: "ward" }] },
  bindings: [{ agentId: "ward", match: { channel: "rocketchat", accountId: "北棟" } }],
};
const route = resolveAgentRoute({ cfg, channel: "rocketchat", accountId: "default", peer: { kind: "direct", id: "u1" } });
seen("who answers on account default", [route.agentId, route.matchedBy], ["ward", "binding.account"]);
JS
npx -y -p node@24.21.0 node probe.mjs
