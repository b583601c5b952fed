#!/usr/bin/env bash
# ejson 2.2.3, meteor-ejson 0.6.3, ddp-ejson 0.8.1-3: {"$date":null} becomes 1 January 1970.
# Rocket.Chat answers a login by personal access token with tokenExpires {"$date":null}: "never".
# Guessed: null, or the object as it came. Seen: the epoch in all three, so "never" reads as "expired long ago".
# The other way round an invalid Date is written as {"$date":null} and comes back as a valid one.
# A client that renews a token by its expiry date must look for the null before it lets EJSON decode.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  ejson@2.2.3 meteor-ejson@0.6.3 ddp-ejson@0.8.1-3 >/dev/null
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
for (const name of ["ejson", "meteor-ejson", "ddp-ejson"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
for (const name of ["ejson", "meteor-ejson", "ddp-ejson"]) {
  const module = require(name);
  const EJSON = module.default ?? module;
  const login = EJSON.parse('{"id":"u1","tokenExpires":{"$date":null},"type":"resume"}');
  seen(`${name}: never`, login.tokenExpires.toISOString(), "1970-01-01T00:00:00.000Z");
  const written = EJSON.stringify({ at: new Date(Number.NaN) });
  seen(`${name}: an invalid date is written`, written, '{"at":{"$date":null}}');
  seen(`${name}: and read again`, EJSON.parse(written).at.getTime(), 0);
}
JS
node probe.mjs
