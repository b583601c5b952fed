// Owns what the chaos seeds are played in: one emulator, one model, one real gateway with two accounts, for many seeds.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Gateway, installGateway } from "../../demo/gateway.ts";
import { type ModelReply, type ModelRequest, startScriptedModel } from "../../demo/scripted-model.ts";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { makeNewerHost } from "../gateway/newer-host.ts";

/** The bot users, by account. Each has an agent of its own, so that they do not share sessions. */
export const BOTS = { default: "chaos-bot", second: "second-bot" } as const;
export type AccountId = keyof typeof BOTS;

/** A question's mark in its text: what is asked, how many words the answer has, and whether a file comes with it. */
const QUESTION = /\bq(\d+)x(\d+)w(\d+)(f?)\b/g;

/** Slow enough to be seen growing, and to be killed in the middle of it. */
const IN_PIECES = { pieces: 20, delayMs: 600 } as const;

/** The mark of a question. */
export const mark = (seed: number, index: number, words: number, withFile: boolean): string =>
  `q${seed}x${index}w${words}${withFile ? "f" : ""}`;

/** Where the agent has the file that it answers a question with. */
export const filePath = ({ gateway }: Pick<Town, "gateway">, name: string): string =>
  join(gateway.folder, "workspace", `${name}.txt`);

export interface Town {
  readonly emulator: Emulator;
  readonly gateway: Gateway;
  /** When it was started, on the clock of `performance.now()`. */
  readonly startedAt: number;
  /** The program of the installed OpenClaw (undefined), or of a newer one. */
  program(of: "installed" | "newer"): Promise<string | undefined>;
  /** How many words a short answer has: enough to be seen before it is whole, where that can be. */
  readonly fewWords: number;
  /** Resolves when both accounts are connected, after `from` in the gateway's output. */
  connected(from: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts everything; resolves when both accounts are connected. */
export async function startTown(options: {
  readonly tarball: string;
  /** As in `GatewayOptions`. */
  readonly unpacked?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether answers are shown while they are written, in pieces. */
  readonly previews?: boolean;
}): Promise<Town> {
  const emulator = await startEmulator();
  const model = await startScriptedModel();
  const { control } = emulator;
  const account = (username: string) => ({
    userId: control.addUser({ username, roles: ["user", "bot"] }).userId,
    username,
    pat: control.personalAccessToken(username),
  });
  const gateway = await installGateway({
    tarball: options.tarball,
    unpacked: options.unpacked,
    modelUrl: model.url,
    channels: {
      rocketchat: {
        serverUrl: emulator.url,
        dangerouslyAllowInsecure: true,
        network: { dangerouslyAllowPrivateNetwork: true },
        groupPolicy: "open",
        dmPolicy: "open",
        allowFrom: ["*"],
        // The bots share threads; each is to answer what names it, and nothing else.
        implicitMentions: { threadParticipation: false },
        streaming: { mode: options.previews ? "partial" : "off" },
        // A frame that the emulator swallows is to be found while the seed is played.
        catchUp: { safetyScanMinutes: 1 },
        accounts: { default: account(BOTS.default), second: account(BOTS.second) },
      },
    },
    ...(options.env && { env: options.env }),
  });
  await mkdir(join(gateway.folder, "workspace"), { recursive: true });
  model.script(
    () => true,
    (request) => ({
      ...answerMarks(request, (name) => filePath({ gateway }, name)),
      ...(options.previews && IN_PIECES),
    }),
  );
  await gateway.updateConfig((config) => ({
    ...config,
    agents: { ...(config.agents as object), list: [{ id: "main", default: true }, { id: "second" }] },
    bindings: [{ agentId: "second", match: { channel: "rocketchat", accountId: "second" } }],
    session: { dmScope: "per-account-channel-peer" },
    messages: { queue: { mode: "followup" } },
  }));
  const town: Town = {
    emulator,
    gateway,
    startedAt: performance.now(),
    program: async (of) => (of === "newer" ? makeNewerHost() : undefined),
    fewWords: options.previews ? 12 : 1,
    async connected(from) {
      for (const id of Object.keys(BOTS))
        await gateway.waitForOutput(new RegExp(`\\[${id}\\] connected`), { from });
    },
    async close() {
      await gateway.stop();
      await Promise.all([model.close(), emulator.close()]);
    },
  };
  await gateway.start();
  await town.connected(0);
  return town;
}

/**
 * Every question's answer is its mark counted up: `q1x2w3.0 q1x2w3.1 q1x2w3.2`, and its file if it asks for one. One that OpenClaw refused while it
 * stopped stands in the session already when it is asked again, and is one question all the same.
 */
function answerMarks({ text }: ModelRequest, pathOf: (name: string) => string): ModelReply {
  const marks = new Map(Array.from(text.matchAll(QUESTION), ([found, , , count]) => [found, Number(count)]));
  const words = [...marks].flatMap(([found, count]) =>
    Array.from({ length: count }, (_, index) => `${found}.${index}`),
  );
  const files = [...marks.keys()]
    .filter((name) => name.endsWith("f"))
    .map((name) => `\nMEDIA:${pathOf(name)}`);
  return { text: words.join(" ") + files.join("") };
}
