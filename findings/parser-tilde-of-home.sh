#!/usr/bin/env bash
# @rocket.chat/message-parser 0.31.35 and 0.32.0: two tildes in one line strike out what is between them.
# Guessed: as in GitHub's Markdown, where a tilde after a space ends nothing. Seen: a copy from ~/a to ~/b and
# "about ~5 min, sometimes ~10 min" are struck through, and both tildes are gone: the command reads /a and /b.
# Neither text holds any Markdown. An agent names paths and estimates in every other answer, so whoever
# writes for Rocket.Chat must guard a plain tilde.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  @rocket.chat/message-parser@0.32.0 parser-035@npm:@rocket.chat/message-parser@0.31.35 micromark@4.0.2 micromark-extension-gfm-strikethrough@2.1.0 >/dev/null
cat >probe.mjs <<'JS'
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { micromark } from "micromark";
import { gfmStrikethrough, gfmStrikethroughHtml } from "micromark-extension-gfm-strikethrough";
const require = createRequire(import.meta.url);
/** Prints what was seen and ends the script where it is no longer what was written down. */
function seen(what, actual, expected) {
  console.log(`${what} -> ${JSON.stringify(actual)}`);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  console.error(`CHANGED: ${what} was ${JSON.stringify(expected)}`);
  process.exit(1);
}
for (const name of ["@rocket.chat/message-parser", "parser-035", "micromark", "micromark-extension-gfm-strikethrough"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
const parsers = { "0.31.35": require("parser-035").parse, "0.32.0": require("@rocket.chat/message-parser").parse };
const line = (parse, text) => parse(text)[0].value.map((node) => (node.type === "STRIKE" ? { struck: node.value[0].value } : node.value));
const options = { extensions: [gfmStrikethrough()], htmlExtensions: [gfmStrikethroughHtml()] };
for (const [text, expected] of [
  ["cp ~/a ~/b", ["cp ", { struck: "/a " }, "/b"]],
  ["about ~5 min, sometimes ~10 min", ["about ", { struck: "5 min, sometimes " }, "10 min"]],
]) {
  seen(`GitHub's Markdown: ${text}`, micromark(text, options), `<p>${text}</p>`);
  for (const [version, parse] of Object.entries(parsers)) seen(`${version}: ${text}`, line(parse, text), expected);
}
JS
node probe.mjs
