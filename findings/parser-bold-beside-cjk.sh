#!/usr/bin/env bash
# micromark 4.0.2, with and without micromark-extension-cjk-friendly 2.0.2, and @rocket.chat/message-parser 0.32.0.
# Guessed: of Chinese, Japanese and Korean emphasis the full CommonMark parser makes more than Rocket.Chat's small one.
# Seen: the reverse. Where punctuation is inside and a letter without space outside, CommonMark shows the stars;
# Rocket.Chat shows bold, and micromark does with the extension.
# A converter that parses CommonMark to write for Rocket.Chat loses bold the server would have shown.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  @rocket.chat/message-parser@0.32.0 micromark@4.0.2 micromark-extension-cjk-friendly@2.0.2 >/dev/null
cat >probe.mjs <<'JS'
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { micromark } from "micromark";
import { cjkFriendlyExtension } from "micromark-extension-cjk-friendly";
const require = createRequire(import.meta.url);
/** Prints what was seen and ends the script where it is no longer what was written down. */
function seen(what, actual, expected) {
  console.log(`${what} -> ${JSON.stringify(actual)}`);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  console.error(`CHANGED: ${what} was ${JSON.stringify(expected)}`);
  process.exit(1);
}
for (const name of ["@rocket.chat/message-parser", "micromark", "micromark-extension-cjk-friendly"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
const { parse } = require("@rocket.chat/message-parser");
for (const [text, bold] of [["**注意：**请", "注意："], ["**「重点」**已", "「重点」"], ["**이것(that)**은", "이것(that)"]]) {
  const html = `<p><strong>${bold}</strong>${text.slice(bold.length + 4)}</p>`;
  seen(`CommonMark: ${text}`, micromark(text), `<p>${text}</p>`);
  seen(`with the extension: ${text}`, micromark(text, { extensions: [cjkFriendlyExtension()] }), html);
  const [first] = parse(text)[0].value;
  seen(`Rocket.Chat: ${text}`, [first.type, first.value[0].value], ["BOLD", bold]);
}
JS
node probe.mjs
