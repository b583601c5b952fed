import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { expect, it } from "vitest";
import { openPipeline } from "./pipeline.ts";

const typing = {
  start: async () => {},
  stop: async () => {},
  onStartError: () => {},
  keepaliveIntervalMs: 0,
  maxDurationMs: 0,
};

it.each<[string, OpenClawConfig, object | undefined]>([
  ["nothing is said of it", {}, undefined],
  ["all agents pause", { agents: { defaults: { humanDelay: { mode: "natural" } } } }, { mode: "natural" }],
  [
    "this agent pauses",
    { agents: { entries: { main: { humanDelay: { mode: "custom", minMs: 5, maxMs: 9 } } } } },
    { mode: "custom", minMs: 5, maxMs: 9 },
  ],
])("pauses between two messages as humanDelay says: %s", (_, cfg, pause) => {
  expect(openPipeline({ cfg, accountId: "default" }, "main", typing)).toMatchObject(
    pause === undefined ? {} : { humanDelay: pause },
  );
  expect("humanDelay" in openPipeline({ cfg, accountId: "default" }, "main", typing)).toBe(
    pause !== undefined,
  );
});
