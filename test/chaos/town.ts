// Owns what the chaos seeds are played in: one emulator, one model, one real gateway with two accounts, for many seeds.

import { type Gateway, installGateway } from "../../demo/gateway.ts";
import { type ModelReply, type ModelRequest, startScriptedModel } from "../../demo/scripted-model.ts";
import { type Emulator, startEmulator } from "../../emulator/server.ts";

/** The bot users, by account. Each has an agent of its own, so that they do not share sessions. */
export const BOTS = { default: "chaos-bot", second: "second-bot" } as const;
export type AccountId = keyof typeof BOTS;

/** A question's mark in its text: what is asked, and how many words the answer has. */
const QUESTION = /\bq(\d+)x(\d+)w(\d+)\b/g;

/** The mark of a question. */
export const mark = (seed: number, index: number, words: number): string => `q${seed}x${index}w${words}`;

export interface Town {
  readonly emulator: Emulator;
  readonly gateway: Gateway;
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
}): Promise<Town> {
  const emulator = await startEmulator();
  const model = await startScriptedModel();
  model.script(() => true, answerMarks);
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
        // A frame that the emulator swallows is to be found while the seed is played.
        catchUp: { safetyScanMinutes: 1 },
        accounts: { default: account(BOTS.default), second: account(BOTS.second) },
      },
    },
    ...(options.env && { env: options.env }),
  });
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
 * Every question's answer is its mark counted up: `q1x2w3.0 q1x2w3.1 q1x2w3.2`. One that OpenClaw refused while it
 * stopped stands in the session already when it is asked again, and is one question all the same.
 */
function answerMarks({ text }: ModelRequest): ModelReply {
  const marks = new Map(Array.from(text.matchAll(QUESTION), ([found, , , count]) => [found, Number(count)]));
  const words = [...marks].flatMap(([found, count]) =>
    Array.from({ length: count }, (_, index) => `${found}.${index}`),
  );
  return { text: words.join(" ") };
}
