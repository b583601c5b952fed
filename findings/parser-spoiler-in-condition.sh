#!/usr/bin/env bash
# @rocket.chat/message-parser from 0.31.35 (about Rocket.Chat 8.3): "a || b || c" hides b behind a spoiler.
# Guessed: ||text|| is a spoiler only without spaces inside, as ** is no bold there in CommonMark.
# Seen: spaces do not matter, so the middle of every condition with two ORs and an empty table cell between bars
# is blacked out until somebody clicks. 0.31.32 shows the same text as it is: an update of the server hides it.
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
for (const name of ["@rocket.chat/message-parser", "parser-032", "parser-035"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
const line = (name, text) => require(name).parse(text)[0].value.map((node) => (node.type === "SPOILER" ? { hidden: node.value[0].value } : node.value));
const text = "if (a || b || c)";
seen("0.31.32", line("parser-032", text), [text]);
for (const name of ["parser-035", "@rocket.chat/message-parser"]) {
  seen(name, line(name, text), ["if (a ", { hidden: " b " }, " c)"]);
}
JS
node probe.mjs
