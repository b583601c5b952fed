#!/usr/bin/env bash
# simpleddp 2.2.4: a method call that is open when the socket drops never ends.
# Guessed: it rejects when the socket closes, or is sent again after the reconnect as Meteor's own client does.
# Seen: neither. The client reconnects and the next call is answered, the old promise stays pending for good.
# An await on sendMessage then stops one room's queue without a word; the option maxTimeout ends it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  simpleddp@2.2.4 ws@8.23.0 >/dev/null
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
for (const name of ["simpleddp", "ws"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
const { WebSocket, WebSocketServer } = require("ws");
const simpleddp = require("simpleddp");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
const calls = [];
let connections = 0;
server.on("connection", (socket) => {
  const connection = ++connections;
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data));
    if (frame.msg === "connect") socket.send(JSON.stringify({ msg: "connected", session: `s${connection}` }));
    if (frame.msg !== "method") return;
    calls.push(`${frame.method} on connection ${connection}`);
    if (connection === 1) return socket.close(1000);
    socket.send(JSON.stringify({ msg: "result", id: frame.id, result: "done" }));
    socket.send(JSON.stringify({ msg: "updated", methods: [frame.id] }));
  });
});
await once(server, "listening");
const endpoint = `ws://127.0.0.1:${server.address().port}`;
const client = new (simpleddp.default ?? simpleddp)({ endpoint, SocketConstructor: WebSocket, reconnectInterval: 50 });
await client.connect();
const again = new Promise((resolve) => client.on("connected", resolve));
let first = "pending";
client.call("first").then(
  () => { first = "resolved"; },
  () => { first = "rejected"; },
);
await again;
seen("the next call", await client.call("second"), "done");
seen("the call that was open", first, "pending");
seen("calls that reached the server", calls, ["first on connection 1", "second on connection 2"]);
client.disconnect();
for (const socket of server.clients) socket.terminate();
server.close();
JS
node probe.mjs
