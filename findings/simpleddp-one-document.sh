#!/usr/bin/env bash
# simpleddp 2.2.4: its collections keep one message of all that a Rocket.Chat stream sends.
# Every frame of a stream carries the same id ("id") and differs in fields.args only.
# Guessed: three messages are three documents, and a frame equal to the one before it changes nothing.
# Seen: one document, the last. The first message is reported as added, all others as changes of it, and the
# equal frame too, with eventName and args as the fields that changed.
# Whoever reads a stream must listen to the frames (client.on("changed")), never to a collection.
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
const stream = "stream-room-messages";
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (socket) => {
  const send = (frame) => socket.send(JSON.stringify(frame));
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data));
    if (frame.msg === "connect") send({ msg: "connected", session: "s1" });
    if (frame.msg !== "sub") return;
    for (const _id of ["m1", "m2", "m3", "m3"]) {
      send({ msg: "changed", collection: stream, id: "id", fields: { eventName: "GENERAL", args: [{ _id }] } });
    }
    send({ msg: "ready", subs: [frame.id] });
  });
});
await once(server, "listening");
const endpoint = `ws://127.0.0.1:${server.address().port}`;
const client = new (simpleddp.default ?? simpleddp)({ endpoint, SocketConstructor: WebSocket });
await client.connect();
const frames = [];
const kinds = [];
client.on("changed", (frame) => frames.push(frame.fields.args[0]._id));
client.collection(stream).onChange(({ added, changed }) => {
  kinds.push(added ? `added ${added.args[0]._id}` : `changed ${Object.keys(changed.fields)}`);
});
await client.subscribe(stream, "GENERAL", false).ready();
seen("frames", frames, ["m1", "m2", "m3", "m3"]);
seen("the collection tells", kinds, ["added m1", "changed eventName,args", "changed eventName,args", "changed eventName,args"]);
seen("the collection holds", client.collection(stream).fetch().map((doc) => doc.args[0]._id), ["m3"]);
client.disconnect();
for (const socket of server.clients) socket.terminate();
server.close();
JS
node probe.mjs
