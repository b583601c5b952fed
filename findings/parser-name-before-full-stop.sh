#!/usr/bin/env bash
# @rocket.chat/message-parser 0.31.32, 0.31.35 and 0.32.0: a name takes the full stop behind it, so it is another's name.
# Guessed: the signs that end a sentence end a name as well, since all of them are rare in names. Seen: comma, colon,
# exclamation mark and question mark do; a full stop, a hyphen and an underscore belong to the name. "Ask @alice." names
# "alice.", "see #ops." the room "ops.", and "_@alice_" is no slanted name but an underscore and the name "alice_".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  @rocket.chat/message-parser@0.32.0 parser-032@npm:@rocket.chat/message-parser@0.31.32 parser-035@npm:@rocket.chat/message-parser@0.31.35 >/dev/null
cat >probe.mjs <<'JS'
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const require = createRequire(import.meta.url);
/** Prints what was seen and ends the script where it is no longer what was written down. */
function seen(what, actual, expected) {
  console.log(`${what} -> ${JSON.stringify(actual)}`);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  console.error(`CHANGED: ${what} was ${JSON.stringify(expected)}`);
  process.exit(1);
}
const SIGNS = { MENTION_USER: "user", MENTION_CHANNEL: "room" };
const show = ({ type, value }) => (SIGNS[type] ? { [SIGNS[type]]: value.value } : value);
for (const name of ["parser-032", "parser-035", "@rocket.chat/message-parser"]) {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const line = (text) => require(name).parse(text)[0].value.map(show);
  const told = (text, expected) => seen(`${version}: ${text}`, line(text), expected);
  for (const sign of [",", ":", ";", "!", "?", ")"]) told(`Ask @alice${sign}`, ["Ask ", { user: "alice" }, sign]);
  for (const sign of [".", "...", "-", "_"]) told(`Ask @alice${sign}`, ["Ask ", { user: `alice${sign}` }]);
  told("see #ops, please", ["see ", { room: "ops" }, ", please"]);
  told("see #ops.", ["see ", { room: "ops." }]);
  told("_@alice_ said", ["_", { user: "alice_" }, " said"]);
}
JS
node probe.mjs
