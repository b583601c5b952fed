#!/usr/bin/env bash
# ws 8.23.0: of a frame over maxPayload the two ends tell different close codes.
# Guessed: the client that refuses the frame sees its own 1009 in "close". Seen: it sees 1006 and no reason, the
# server sees 1009; what happened stands only in the code of the "error" event that comes before.
# A DDP client that chooses by the close code takes one large message for a broken network, and meets it again
# after every reconnect: keep the error's code and look at it in "close".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  ws@8.23.0 >/dev/null
cat >probe.mjs <<'JS'
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { once } from "node:events";
const require = createRequire(import.meta.url);
/** Prints what was seen and ends the script where it is no longer what was written down. */
function seen(what, actual, expected) {
  console.log(`${what} -> ${JSON.stringify(actual)}`);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  console.error(`CHANGED: ${what} was ${JSON.stringify(expected)}`);
  process.exit(1);
}
for (const name of ["ws"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
const { WebSocket, WebSocketServer } = require("ws");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
const serverSaw = new Promise((resolve) => {
  server.on("connection", (socket) => {
    socket.on("close", resolve);
    socket.send(JSON.stringify({ msg: "changed", fields: { text: "x".repeat(2000) } }));
  });
});
await once(server, "listening");
const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`, { maxPayload: 1000 });
const told = [];
client.on("error", (error) => told.push(`error ${error.code}`));
client.on("close", (code, reason) => told.push(`close ${code} "${reason}"`));
await new Promise((resolve) => client.on("close", resolve));
seen("the client that refused", told, ["error WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", 'close 1006 ""']);
seen("the server that sent", await serverSaw, 1009);
server.close();
JS
node probe.mjs
