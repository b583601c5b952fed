#!/usr/bin/env bash
# openclaw 2026.9.6 (plugin-sdk/text-chunking): what stripMarkdown and the tag filter take out of plain sentences.
# Guessed: only Markdown and closed tags go; names, numbers, addresses and what stands after a tag's name stay.
# Seen: 2*3*4 becomes 234, __init__.py init.py, /_a_/ in an address /a/; a sentence that names the <think> tag ends
# before it, one that names </think> begins behind it. Between backticks both stay whole.
# A channel that shows an answer as plain text (a status, a notice) loses such parts without a word.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error --ignore-scripts \
  openclaw@2026.9.6 >/dev/null
cat >probe.mjs <<'JS'
import { readFileSync } from "node:fs";
import { stripMarkdown, stripReasoningTagsFromText } from "openclaw/plugin-sdk/text-chunking";
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
seen("product", stripMarkdown("2*3*4 beds"), "234 beds");
seen("file", stripMarkdown("see __init__.py"), "see init.py");
seen("address", stripMarkdown("https://x.io/_a_/b"), "https://x.io/a/b");
seen("snake case", stripMarkdown("snake_case_name"), "snake_case_name");
seen("opening tag", stripReasoningTagsFromText("Close the <think> tag. Then restart."), "Close the");
seen("closing tag", stripReasoningTagsFromText("End with the </think> tag. Then restart."), "tag. Then restart.");
seen("in backticks", stripReasoningTagsFromText("Close the `<think>` tag."), "Close the `<think>` tag.");
JS
npx -y -p node@24.21.0 node probe.mjs
