#!/usr/bin/env bash
# openclaw 2026.9.6 (plugin-sdk/routing): a session key forgets the case of a room's id, a binding does not.
# Guessed: both keep it or both fold it. Seen: rooms "aBcDeF" and "abcdef" get one session key, while a binding to the
# first does not match the second; thread ids are lower-cased too unless one passes a normalizer.
# Ids made by Rocket.Chat 6.5 are 17 letters of both cases. A room's id cannot be read back out of a key: keep it beside it.
# An id that holds ":thread:" is read as a thread, at its last occurrence.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error --ignore-scripts \
  openclaw@2026.9.6 >/dev/null
cat >probe.mjs <<'JS'
import { readFileSync } from "node:fs";
import {
  buildAgentSessionKey,
  parseThreadSessionSuffix,
  resolveAgentRoute,
  resolveThreadSessionKeys,
} from "openclaw/plugin-sdk/routing";
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
const key = (id) => buildAgentSessionKey({ agentId: "main", channel: "rocketchat", accountId: "default", peer: { kind: "channel", id } });
seen("session keys", ["aBcDeF", "abcdef"].map(key), Array(2).fill("agent:main:rocketchat:channel:abcdef"));
const cfg = {
  agents: { list: [{ id: "main", default: true }, { id: "ward" }] },
  bindings: [{ agentId: "ward", match: { channel: "rocketchat", peer: { kind: "channel", id: "aBcDeF" } } }],
};
const agent = (id) => resolveAgentRoute({ cfg, channel: "rocketchat", accountId: "default", peer: { kind: "channel", id } }).agentId;
seen("agents of the two rooms", ["aBcDeF", "abcdef"].map(agent), ["ward", "main"]);
const baseSessionKey = key("r1");
const thread = (more) => resolveThreadSessionKeys({ baseSessionKey, threadId: "QrS", ...more }).sessionKey.slice(baseSessionKey.length);
seen("thread", thread({}), ":thread:qrs");
seen("thread with a normalizer", thread({ normalizeThreadId: (id) => id }), ":thread:QrS");
seen("two threads in one key", parseThreadSessionSuffix("agent:main:x:channel:a:thread:t:thread:u"), { baseSessionKey: "agent:main:x:channel:a:thread:t", threadId: "u" });
JS
npx -y -p node@24.21.0 node probe.mjs
