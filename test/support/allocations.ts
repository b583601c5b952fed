// Owns a program that reads messages which concern nobody, and prints the bytes that each takes.
//
// It runs with semi-spaces so large that no garbage is collected meanwhile: what is used more was allocated.

import { createTraffic } from "../../bench/traffic.ts";
import { DdpProtocol } from "../../src/ddp/protocol.ts";
import { createKnownMessages } from "../../src/intake/known.ts";
import { receive } from "../../src/intake/receive.ts";
import { createWatch } from "../../src/intake/watch.ts";
import { knowing } from "./knowledge.ts";
import { memoryLedger } from "./ledger.ts";
import { accountSettings } from "./settings.ts";

const MESSAGES = 2_000;
const ROOMS = Array.from({ length: 20 }, (_, index) => `room${index}`.padEnd(17, "x"));

const settings = accountSettings({ groupPolicy: "open" });
const known = knowing({ parentOf: () => undefined });
const protocol = new DdpProtocol(0);
const watch = createWatch({
  known: createKnownMessages(),
  ledger: memoryLedger(),
  parentOf: () => undefined,
});
const frameOf = createTraffic({ roomIds: ROOMS });
const outcomes: Record<string, number> = {};

/** As the account reads a frame of the stream, from its text to the verdict. */
function read(text: string): void {
  for (const event of protocol.receive(text, 0).events) {
    if (event.type !== "streamed") throw new Error(`The frame is no message: ${event.type}`);
    const [message, room] = event.event.args;
    const { events, keep } = watch.read({ message, room }, settings);
    for (const one of events) {
      const receipt = receive(one, { settings, known });
      const outcome = receipt.kind === "dropped" ? receipt.reason : receipt.kind;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    keep("not-mentioned");
  }
}

function bytesPerMessage(take: (text: string) => void, from: number): number {
  const frames = Array.from({ length: MESSAGES }, (_, index) => frameOf(from + index));
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (const frame of frames) take(frame);
  return (process.memoryUsage().heapUsed - before) / MESSAGES;
}

// First, so that everything is compiled and what is remembered has its size.
bytesPerMessage(read, 0);
const parsed = bytesPerMessage((text) => void JSON.parse(text), MESSAGES);
const whole = bytesPerMessage(read, 2 * MESSAGES);
console.log(JSON.stringify({ parsed, whole, outcomes }));
