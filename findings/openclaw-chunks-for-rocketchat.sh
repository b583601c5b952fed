#!/usr/bin/env bash
# openclaw 2026.9.6 (plugin-sdk/reply-chunking) divides text, @rocket.chat/message-parser 0.32.0 shows the pieces.
# Guessed: what is done for code is done for tables, links, bold and inline code: opened again or kept whole.
# Seen: only fences are opened again. A table's second piece has no header and is shown as lines with bars; a link that
# would fit into one piece is cut inside its label, bold and inline code between two words.
# Whoever sends long answers must give the chunker pieces it cannot cut wrong: tables apart, with their header.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error --ignore-scripts \
  openclaw@2026.9.6 @rocket.chat/message-parser@0.32.0 >/dev/null
cat >probe.mjs <<'JS'
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chunkMarkdownTextWithMode } from "openclaw/plugin-sdk/reply-chunking";
const require = createRequire(import.meta.url);
/** Prints what was seen and ends the script where it is no longer what was written down. */
function seen(what, actual, expected) {
  console.log(`${what} -> ${JSON.stringify(actual)}`);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  console.error(`CHANGED: ${what} was ${JSON.stringify(expected)}`);
  process.exit(1);
}
for (const name of ["openclaw", "@rocket.chat/message-parser"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
const { parse } = require("@rocket.chat/message-parser");
const pieces = (text, limit) => chunkMarkdownTextWithMode(text, limit, "length");
const types = (list) => list.map((piece) => parse(piece).map((block) => block.type).join());
const table = "| Ward | Beds |\n|---|---|\n| North | 12 |\n| South | 15 |\n| East | 18 |";
seen("table", types(pieces(table, 60)), ["TABLE", "PARAGRAPH"]);
const code = "```sh\necho first line\necho second line\necho third line\n```";
seen("code", types(pieces(code, 48)), ["CODE", "CODE"]);
const link = "Please read [the handbook](https://example.org/handbook) before the visit.";
seen("link", pieces(link, 50), ["Please read [the", "handbook](https://example.org/handbook) before", "the visit."]);
seen("bold", pieces("one two **three four five six** seven eight", 24), ["one two **three four", "five six** seven eight"]);
seen("inline code", pieces("run `npm ci --omit=dev` in the folder", 16), ["run `npm ci", "--omit=dev` in", "the folder"]);
JS
npx -y -p node@24.21.0 node probe.mjs
