#!/usr/bin/env bash
# @rocket.chat/message-parser 0.32.0: of CommonMark's code blocks it knows one shape, three backticks at the line's start.
# Guessed: an indented fence under a list item, a fence of four backticks and one of tildes are code too.
# Seen: the first and the third are plain lines; of the four backticks the block inside is taken
# and the outer fence is left as text. The indented fence below a numbered step is how models write instructions:
# what is inside it is then parsed as text, so that its stars, tildes and # marks are taken for formatting.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  @rocket.chat/message-parser@0.32.0 micromark@4.0.2 >/dev/null
cat >probe.mjs <<'JS'
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { micromark } from "micromark";
const require = createRequire(import.meta.url);
/** Prints what was seen and ends the script where it is no longer what was written down. */
function seen(what, actual, expected) {
  console.log(`${what} -> ${JSON.stringify(actual)}`);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  console.error(`CHANGED: ${what} was ${JSON.stringify(expected)}`);
  process.exit(1);
}
for (const name of ["@rocket.chat/message-parser", "micromark"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
const { parse } = require("@rocket.chat/message-parser");
const types = (text) => parse(text).map((block) => block.type);
const blocks = (html) => html.split("<pre>").length - 1;
for (const [what, text, expected] of [
  ["under a list item", "1. step\n\n   ```sh\n   npm ci\n   ```\n", ["ORDERED_LIST", "LINE_BREAK", "PARAGRAPH", "PARAGRAPH", "PARAGRAPH"]],
  ["four backticks", "````md\n```js\nx\n```\n````", ["PARAGRAPH", "CODE", "LINE_BREAK", "PARAGRAPH"]],
  ["tildes", "~~~\nx\n~~~", ["PARAGRAPH", "PARAGRAPH", "PARAGRAPH"]],
  ["three backticks", "```\nx\n```", ["CODE"]],
]) {
  seen(`CommonMark, ${what}: code blocks`, blocks(micromark(text)), 1);
  seen(`Rocket.Chat, ${what}`, types(text), expected);
}
const inner = parse("1. step\n   ```sh\n   cp *.ts *.js\n   ```")[2].value;
seen("Rocket.Chat, a line of the indented block", inner.map((node) => node.type), ["PLAIN_TEXT", "BOLD", "PLAIN_TEXT"]);
JS
node probe.mjs
