#!/usr/bin/env bash
# @rocket.chat/message-parser 0.31.32, 0.31.35 and 0.32.0: the link of an international telephone number has lost its plus.
# Guessed: a number in E.164 form becomes tel:+..., and a sum with a sign stays text. Seen: "+12025550143" is shown whole and
# dials tel:12025550143, a number of the caller's own country; so does any sign with five digits, "+12345" in a table of
# changes. A link that is written out keeps its plus, and a number in groups is no link. Between brackets 0.32.0 alone links.
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
const show = (node) => (node.type === "LINK" ? { shown: [node.value.label].flat()[0].value, dials: node.value.src.value } : node.value);
const newest = "@rocket.chat/message-parser";
for (const name of ["parser-032", "parser-035", newest]) {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const line = (text) => require(name).parse(text)[0].value.map(show);
  const told = (text, expected) => seen(`${version}: ${text}`, line(text), expected);
  const link = { shown: "+12025550143", dials: "tel:12025550143" };
  told("call +12025550143", ["call ", link]);
  told("profit +12345", ["profit ", { shown: "+12345", dials: "tel:12345" }]);
  told("profit +1234", ["profit +1234"]);
  told("+1 202 555 0143", ["+1 202 555 0143"]);
  told("[call](tel:+12025550143)", [{ shown: "call", dials: "tel:+12025550143" }]);
  told("(+12025550143)", name === newest ? ["(", link, ")"] : ["(+12025550143)"]);
}
JS
node probe.mjs
