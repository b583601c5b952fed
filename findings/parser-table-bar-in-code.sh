#!/usr/bin/env bash
# micromark-extension-gfm-table 2.1.1 and @rocket.chat/message-parser 0.32.0 cut one table into different cells.
# Guessed: Rocket.Chat's tables, new in 0.32, are GitHub's. Seen: a bar in inline code divides the cell for GitHub
# (whose third cell is then dropped) and does not for Rocket.Chat; a table without bars at both ends of its rows is one
# for GitHub and plain lines for Rocket.Chat.
# A converter that takes tables apart as GitHub's and writes them for Rocket.Chat loses "2" in the first case.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  @rocket.chat/message-parser@0.32.0 micromark@4.0.2 micromark-extension-gfm-table@2.1.1 >/dev/null
cat >probe.mjs <<'JS'
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { micromark } from "micromark";
import { gfmTable, gfmTableHtml } from "micromark-extension-gfm-table";
const require = createRequire(import.meta.url);
/** Prints what was seen and ends the script where it is no longer what was written down. */
function seen(what, actual, expected) {
  console.log(`${what} -> ${JSON.stringify(actual)}`);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  console.error(`CHANGED: ${what} was ${JSON.stringify(expected)}`);
  process.exit(1);
}
for (const name of ["@rocket.chat/message-parser", "micromark", "micromark-extension-gfm-table"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
const { parse } = require("@rocket.chat/message-parser");
const options = { extensions: [gfmTable()], htmlExtensions: [gfmTableHtml()] };
const github = (text) => [...micromark(text, options).matchAll(/<td>(.*)<\/td>/g)].map((match) => match[1]);
const cell = ({ value: [node] }) => (node.type === "INLINE_CODE" ? `<code>${node.value.value}</code>` : node.value);
const rocketchat = (text) => parse(text)[0].value.rows?.flatMap((row) => row.value.map(cell)) ?? "no table";
const code = "| a | b |\n|---|---|\n| `x|y` | 2 |";
seen("GitHub, bar in code", github(code), ["`x", "y`"]);
seen("Rocket.Chat, bar in code", rocketchat(code), ["<code>x|y</code>", "2"]);
const bare = "a | b\n--|--\n1 | 2";
seen("GitHub, no outer bars", github(bare), ["1", "2"]);
seen("Rocket.Chat, no outer bars", rocketchat(bare), "no table");
JS
node probe.mjs
