// Owns the floor of reading: a process that parses each frame as JSON, answers pings, and does nothing else; at the path
// /heavy one with as much in its memory as the gateway, which does not even parse.
//
//   node bench/process/bare.ts URL   (with an IPC channel; any message is answered with the CPU time so far, the delay of the
//   event loop that 99 % did not exceed and the most memory since the last message, and the memory now)

import { readFileSync, writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { WebSocket } from "ws";

/** Of a heavy process: objects of about as much memory as the gateway's, which decides how much garbage V8 lets pile up. */
const BALLAST = 1_600_000;
const isHeavy = (process.argv[2] ?? "").endsWith("/heavy");
const ballast = Array.from({ length: isHeavy ? BALLAST : 0 }, (_, index) => ({ index, text: `x${index}` }));
const PING = '{"msg":"ping"}';

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

const socket = new WebSocket(process.argv[2] ?? "", { perMessageDeflate: false });
socket.on("message", (data) => {
  // A heavy process looks at nothing but what may be a ping.
  if (isHeavy && Buffer.isBuffer(data) && data.length !== PING.length) return;
  const frame: { readonly msg?: unknown } = JSON.parse(data.toString());
  if (frame.msg === "ping") socket.send('{"msg":"pong"}');
});
socket.on("open", () => process.send?.({ open: true }));
socket.on("close", () => process.exit());
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const delayP99Ms = delay.percentile(99) / 1e6;
  const { rss } = process.memoryUsage();
  process.send?.({
    cpuMs: (user + system) / 1000,
    delayP99Ms,
    rss,
    peak: peakMemory(),
    ballast: ballast.length,
  });
  delay.reset();
  // The most is counted anew (`clear_refs` in proc(5)).
  writeFileSync("/proc/self/clear_refs", "5");
});
process.on("disconnect", () => process.exit());

function peakMemory(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return 1024 * Number(kilobytes);
}
