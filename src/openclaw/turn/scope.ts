// Owns the values that every stage of one turn at the host is given: settings, log, message, room.

import type { OpenClawConfig, PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import type { InboundEventKind } from "openclaw/plugin-sdk/channel-inbound";
import type { ChannelIngressMonitorLifecycle } from "openclaw/plugin-sdk/channel-outbound";
import type { LinkFacts } from "../../commands/replies.ts";
import type { Log } from "../../log.ts";
import type { Typing } from "../../outbound/typing.ts";
import type { RestClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import type { Bursts } from "../../turn/bursts.ts";
import type { TurnInput } from "../../turn/host.ts";
import type { PairingMemory } from "../account/memory/pairing-memory.ts";
import type { SessionTurns } from "./order.ts";

/** OpenClaw's own command that ends what runs in a session and drops what it holds back for it. */
export const STOP = "/stop";

export interface HostOptions {
  readonly core: PluginRuntime;
  readonly accountId: string;
  readonly readConfig: () => OpenClawConfig;
  readonly readSettings: () => AccountSettings;
  readonly log: Log;
  /** Ownership of the event's row in the durable queue, handed on to the agent run. */
  readonly lifecycle: ChannelIngressMonitorLifecycle;
  /** Throws when nothing may be handed to an agent now; the event is to be taken up again later. */
  readonly assertOpen: () => void;
  /** How often OpenClaw was given this before, and refused it because it stopped. */
  readonly refusals: number;
  readonly turns: SessionTurns;
  /** The ids of messages whose stop OpenClaw has carried out. */
  readonly stopped: Set<string>;
  readonly pairings: PairingMemory;
  readonly bursts: Bursts;
  /** Told of every message that is about to be handed to an agent. */
  readonly onTurn: (turn: TurnScope, eventKind: InboundEventKind) => void;
  /** How many stored messages of the input's conversation wait for their turn. */
  readonly countWaiting: (input: TurnInput) => Promise<number>;
  readonly readLink: () => LinkFacts;
  readonly rest: RestClient;
  readonly typing: Typing;
}

export interface TurnScope extends HostOptions {
  readonly cfg: OpenClawConfig;
  readonly settings: AccountSettings;
  readonly input: TurnInput;
}
