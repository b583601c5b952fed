// A preload (`node --import`) for the gateway: answers on a local socket what this process uses.
//
// BENCH_PROBE  the path of the socket
//
// A line is a question: `usage`, `peak`, `peak reset`, `profile start`, `profile stop FILE`. The answer is a line of JSON.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { createServer } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { isMainThread } from "node:worker_threads";

const { BENCH_PROBE } = process.env;
// Commands of OpenClaw and its helpers load this file, too.
if (BENCH_PROBE && isMainThread && process.argv.includes("run")) listen(BENCH_PROBE);

function listen(path) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const profiler = new Session();

  /** CPU of all threads and longest-lived memory; collects garbage first. The delay is that since the last question. */
  async function usage() {
    const { user, system } = process.cpuUsage();
    const delayP99Ms = delay.percentile(99) / 1e6;
    // Finalizers free more for a second round.
    for (let round = 0; round < 3; round += 1) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    const [, written = "0"] = /^write_bytes: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8")) ?? [];
    delay.reset();
    return {
      cpuMs: (user + system) / 1000,
      rss,
      used: heapUsed + external,
      written: Number(written),
      delayP99Ms,
      timers: process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length,
    };
  }

  /** The most memory since the last reset (`clear_refs` in proc(5)). */
  function peak(reset) {
    if (reset) writeFileSync("/proc/self/clear_refs", "5");
    const [, kilobytes = "0"] = /^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return { peak: Number(kilobytes) * 1024 };
  }

  async function answer(question) {
    const [name, step, file] = question.split(" ");
    if (name === "cpu") return { cpuMs: (process.cpuUsage().user + process.cpuUsage().system) / 1000 };
    if (name === "usage") return usage();
    if (name === "peak") return peak(step === "reset");
    if (step === "start") {
      profiler.connect();
      await profiler.post("Profiler.enable");
      await profiler.post("Profiler.start");
      return {};
    }
    const { profile } = await profiler.post("Profiler.stop");
    profiler.disconnect();
    writeFileSync(file, JSON.stringify(profile));
    return {};
  }

  const server = createServer((socket) => {
    socket.on("error", () => {});
    createInterface(socket).on("line", (line) => {
      answer(line).then(
        (value) => socket.write(`${JSON.stringify(value)}\n`),
        (error) => socket.destroy(error),
      );
    });
  });
  server.on("error", (error) => console.error(`bench probe: ${error.message}`));
  // A process before this one may have left it behind.
  rmSync(path, { force: true });
  server.listen(path).unref();
}
