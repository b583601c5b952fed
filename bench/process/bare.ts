// Owns the floor of reading: a process that parses each frame as JSON, answers pings, and does nothing else.
//
//   node bench/process/bare.ts URL   (with an IPC channel; any message is answered with the CPU time so far)

import { WebSocket } from "ws";

const socket = new WebSocket(process.argv[2] ?? "", { perMessageDeflate: false });
socket.on("message", (data) => {
  const frame: { readonly msg?: unknown } = JSON.parse(data.toString());
  if (frame.msg === "ping") socket.send('{"msg":"pong"}');
});
socket.on("open", () => process.send?.({ open: true }));
socket.on("close", () => process.exit());
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000 });
});
process.on("disconnect", () => process.exit());
