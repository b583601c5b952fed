// Owns the test that the protocol understands what real servers said.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { adviseRetry } from "../retry.ts";
import { decodeFrame } from "./frames.ts";
import { DdpProtocol, type ProtocolEvent } from "./protocol.ts";

interface Line {
  kind: string;
  dir?: "in" | "out";
  socket?: string;
  frame?: { msg?: string; id?: string; method?: string };
}

function read(version: string): Line[] {
  const file = new URL(`../../test/fixtures/recordings/rocketchat-${version}.jsonl.gz`, import.meta.url);
  const text = gunzipSync(readFileSync(file)).toString("utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Every recorded answer to a login, as the protocol reports it. */
function replayLogins(lines: readonly Line[]): ProtocolEvent[] {
  const asked = new Set<string>();
  const events: ProtocolEvent[] = [];
  for (const { kind, dir, socket, frame } of lines) {
    if (kind === "meta") {
      asked.clear();
    }
    const key = `${socket} ${frame?.id}`;
    if (dir === "out" && frame?.method === "login") {
      asked.add(key);
    } else if (dir === "in" && frame?.msg === "result" && asked.delete(key)) {
      const protocol = new DdpProtocol(0);
      protocol.login("token", 0);
      events.push(...protocol.receive(JSON.stringify({ ...frame, id: "1" }), 0).events);
    }
  }
  return events;
}

describe.each(["8.3", "7.7.1", "6.5.3"])("the recordings of Rocket.Chat %s", (version) => {
  const lines = read(version);

  it("contain no frame that is dropped", () => {
    const frames = lines.filter(({ kind, dir }) => kind === "frame" && dir === "in");
    const dropped = frames.filter(({ frame }) => "reason" in decodeFrame(JSON.stringify(frame)));
    expect(frames.length).toBeGreaterThan(1_000);
    expect(dropped).toEqual([]);
  });

  it("contain logins that succeed, that are refused for good, and that must wait, and nothing else", () => {
    const outcomes = new Set(
      replayLogins(lines).map((event) =>
        event.type === "failed" ? `${event.error.code} ${adviseRetry(event.error).kind}` : event.type,
      ),
    );
    // The recorded 7.7.1 limited nothing.
    const waits = version === "7.7.1" ? [] : ["login-rejected wait"];
    expect(outcomes).toEqual(new Set(["loggedIn", "login-rejected blocked", ...waits]));
  });
});
