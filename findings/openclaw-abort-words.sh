#!/usr/bin/env bash
# openclaw 2026.9.6 (plugin-sdk/command-primitives-runtime): which whole messages stop the running agent.
# Guessed: "stop" and "abort" in the user's words. Seen: also "exit", "halt", "esc", "interrupt", "do not do that" and
# the Spanish "pare"; but neither "cancel", "quit", "wait", "stop it" nor "ok stop", and no "stop" with a mention before it
# or an emoji behind it.
# In a room people write "@bot stop": a channel must take the mention off before it asks, and its help
# must name the word that works. A person who answers the agent's question with "exit" ends the turn.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error --ignore-scripts \
  openclaw@2026.9.6 >/dev/null
cat >probe.mjs <<'JS'
import { readFileSync } from "node:fs";
import { isAbortRequestText } from "openclaw/plugin-sdk/command-primitives-runtime";
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
const words = (list) => list.filter(isAbortRequestText);
const stops = ["stop", "STOP!", "stop?", "please stop", "exit", "halt", "esc", "interrupt", "do not do that", "pare", "やめて"];
seen("stops", words(stops), stops);
seen("stops nothing", words(["cancel", "quit", "wait", "stop it", "ok stop", "@bot stop", "stop, alice", "stop 🛑", "no"]), []);
JS
npx -y -p node@24.21.0 node probe.mjs
