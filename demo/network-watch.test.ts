// Owns the tests of the network watch. Attempts to leave are refused, so nothing really leaves.
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listenOnLoopback } from "./listen.ts";
import { readWatchReport, type WatchOptions, watchEnvironment } from "./network-watch.ts";
import { runProgram } from "./process.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";

/** Addresses and names that are reserved for documentation. */
const ADDRESS = "192.0.2.1";
const NAME = "somewhere.test";

const server = createServer((_, response) => response.end("hello"));
let sandbox: Sandbox;
let port: number;
let runs = 0;
beforeAll(async () => {
  sandbox = await openSandbox("watch");
  port = await listenOnLoopback(server);
});
afterAll(async () => {
  server.close();
  await sandbox.close();
});

/** Runs a script under the watch; answers what it printed and what the watch saw. */
async function run(script: string, options: Partial<WatchOptions> = {}) {
  const file = join(sandbox.folder, `network-${runs++}.jsonl`);
  const env = { ...process.env, ...watchEnvironment({ file, ...options }) };
  const command = [process.execPath, "--input-type=module", "-e", script];
  const { stdout } = await runProgram(command, { cwd: sandbox.folder, env, timeoutMs: 30_000 });
  const { processes, refusals } = await readWatchReport(file);
  return { stdout: stdout.trim(), processes, refused: refusals.map(({ attempt }) => attempt) };
}

/** A script that prints how an attempt ended. */
const attempt = (expression: string) =>
  `Promise.resolve().then(() => ${expression}).then(() => console.log("reached"), (error) => console.log((error.cause ?? error).code));`;

describe("a process under the watch", () => {
  it("reaches loopback without a record", async () => {
    const fetchPort = attempt(`fetch("http://127.0.0.1:${port}")`);
    expect(await run(fetchPort)).toEqual({ stdout: "reached", processes: 1, refused: [] });
    const fetchName = attempt(`fetch("http://localhost:${port}")`);
    expect((await run(fetchName)).refused).toEqual([]);
  });

  it.each([
    ["a socket", `${attempt("event(connect(80, ADDRESS))")}`, `connect ${ADDRESS}`],
    ["a TLS socket", `${attempt("event(tlsConnect({ host: ADDRESS, port: 443 }))")}`, `connect ${ADDRESS}`],
    ["fetch of an address", attempt('fetch("http://" + ADDRESS)'), `connect ${ADDRESS}`],
    ["fetch of a name", attempt('fetch("https://" + NAME)'), `connect ${NAME}`],
    ["a lookup", attempt("lookup(NAME)"), `lookup ${NAME}`],
    ["a lookup with a callback", attempt("promisify(lookupCallback)(NAME)"), `lookup ${NAME}`],
    ["a query of a resolver", attempt("new Resolver().resolve4(NAME)"), `lookup ${NAME}`],
    ["a datagram", attempt("event(datagram())"), `datagram ${ADDRESS}`],
  ])("is seen and refused at %s", async (_, script, expected) => {
    const { stdout, refused } = await run(`${TOOLS}\n${script}`);
    expect(refused[0]).toBe(expected);
    expect(stdout).toBe("ERR_LOOPBACK_ONLY");
  });

  it("may reach what is allowed", async () => {
    const script = `${TOOLS}\n${attempt(`event(connect({ host: NAME, port: ${port}, lookup: toLoopback }))`)}`;
    expect(await run(script)).toMatchObject({ stdout: "ERR_LOOPBACK_ONLY", refused: [`connect ${NAME}`] });
    expect(await run(script, { allow: [NAME] })).toMatchObject({ stdout: "reached", refused: [] });
  });

  it("hands the watch on to the processes it starts", async () => {
    const inner = JSON.stringify(`fetch("http://${ADDRESS}").catch(() => {})`);
    const script = `import { execFileSync } from "node:child_process"; execFileSync(process.execPath, ["-e", ${inner}]);`;
    expect(await run(script)).toMatchObject({ processes: 2, refused: [`connect ${ADDRESS}`] });
  });

  it("is watched in its worker threads, too", async () => {
    const inner = JSON.stringify(`fetch("http://${ADDRESS}").catch(() => {})`);
    const script = `import { Worker } from "node:worker_threads"; new Worker(${inner}, { eval: true });`;
    expect((await run(script)).refused).toEqual([`connect ${ADDRESS}`]);
  });
});

const TOOLS = `
import { createSocket } from "node:dgram";
import { lookup as lookupCallback } from "node:dns";
import { lookup, Resolver } from "node:dns/promises";
import { connect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { promisify } from "node:util";
const ADDRESS = "${ADDRESS}";
const NAME = "${NAME}";
const event = (emitter) => new Promise((resolve, reject) => emitter.once("connect", resolve).once("error", reject)).finally(() => emitter.destroy?.());
const toLoopback = (name, options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]);
const datagram = () => {
  const socket = createSocket("udp4").unref();
  socket.send("hello", 53, ADDRESS);
  return socket;
};
`;
