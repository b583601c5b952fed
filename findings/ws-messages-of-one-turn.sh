#!/usr/bin/env bash
# ws 8.23.0 (Node 24.21.0, Linux): a flood of frames is handed over 2 MB at a time before anything else runs.
# Guessed: one read of the socket, 64 KB, and then timers and other sockets have their turn. Seen: Node reads up to 32 times
# in one turn of its event loop, and ws hands over all frames of these: 2 MB, a thousand frames of 2 KB. With pause() after
# every 64 KB and resume() in setImmediate it is 130 KB; allowSynchronousEvents: false hands over one frame a turn.
# A DDP client on `__my_messages__` of a busy server holds up its process for as long as a thousand messages take.
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
const FRAMES = 2_000;
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (socket) => {
  const frame = JSON.stringify({ msg: "changed", fields: { text: "x".repeat(2_000) } });
  for (let index = 0; index < FRAMES; index += 1) socket.send(frame);
});
await once(server, "listening");
/** The most bytes that a client is handed before a setImmediate runs. */
async function mostOfOneTurn(options, pausesAfter = Number.POSITIVE_INFINITY) {
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`, options);
  let [frames, turn, most, sincePause] = [0, 0, 0, 0];
  await new Promise((resolve) =>
    client.on("message", ({ length }) => {
      if (turn === 0) setImmediate(() => (turn = 0));
      turn += length;
      most = Math.max(most, turn);
      sincePause += length;
      if (sincePause >= pausesAfter && !client.isPaused) {
        client.pause();
        setImmediate(() => {
          sincePause = 0;
          client.resume();
        });
      }
      frames += 1;
      if (frames === FRAMES) resolve();
    }),
  );
  client.terminate();
  console.log(`${JSON.stringify(options)}, pause after ${pausesAfter}: ${most} bytes`);
  return most;
}
const plain = await mostOfOneTurn({});
seen("more than a megabyte in one turn", plain > 1_000_000, true);
seen("more than four reads, with pauses", (await mostOfOneTurn({}, 65_536)) > 4 * 65_536, false);
seen("more than two frames, one event a turn", (await mostOfOneTurn({ allowSynchronousEvents: false })) > 2 * 2_100, false);
server.close();
JS
npx -y -p node@24.21.0 node probe.mjs
