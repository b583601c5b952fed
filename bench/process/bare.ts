// Owns the floor of reading: a process that parses each frame as JSON, answers pings, and does nothing else.
//
//   node bench/process/bare.ts URL   (with an IPC channel; any message is answered with the CPU time so far, and the delay
//   of the event loop that 99 % did not exceed since the last message)

import { monitorEventLoopDelay } from "node:perf_hooks";
import { WebSocket } from "ws";

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

const socket = new WebSocket(process.argv[2] ?? "", { perMessageDeflate: false });
socket.on("message", (data) => {
  const frame: { readonly msg?: unknown } = JSON.parse(data.toString());
  if (frame.msg === "ping") socket.send('{"msg":"pong"}');
});
socket.on("open", () => process.send?.({ open: true }));
socket.on("close", () => process.exit());
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000, delayP99Ms: delay.percentile(99) / 1e6 });
  delay.reset();
});
process.on("disconnect", () => process.exit());
