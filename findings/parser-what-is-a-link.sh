#!/usr/bin/env bash
# @rocket.chat/message-parser 0.32.0: a version number is a link and CommonMark's own link forms are not.
# Guessed: it links what CommonMark or GitHub links. Seen: "1.2.3.4" leads to //1.2.3.4; http://wiki/page of an
# intranet, <https://x.io> and a link without scheme stay text, https://localhost/x is one; a title after the
# address breaks the link and leaves only the address; an address in <> needs a bar and a label.
# A converter to Rocket.Chat must write every link as [label](address) and guard four numbers with dots.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  @rocket.chat/message-parser@0.32.0 >/dev/null
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
for (const name of ["@rocket.chat/message-parser"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
const { parse } = require("@rocket.chat/message-parser");
const links = (text) => parse(text)[0].value.filter((node) => node.type === "LINK").map((node) => node.value.src.value);
seen("version 1.2.3.4", links("version 1.2.3.4"), ["//1.2.3.4"]);
seen("version 1.2.3", links("version 1.2.3"), []);
seen("http://wiki/page", links("http://wiki/page"), []);
seen("https://localhost/x", links("https://localhost/x"), ["https://localhost/x"]);
seen("<https://x.io>", links("<https://x.io>"), []);
seen("<https://x.io|label>", links("<https://x.io|label>"), ["https://x.io"]);
seen("[docs](/docs/a)", links("[docs](/docs/a)"), []);
const titled = parse('[a](https://x.io "title")')[0].value;
seen("a link with a title", titled.map((node) => node.value.src?.value ?? node.value), ["[a](", "https://x.io", ' "title")']);
JS
node probe.mjs
