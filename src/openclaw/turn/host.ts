// Owns the implementation of the inbound port: access, pairing, routing and the agent turn, all by OpenClaw's SDK.

import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { createChannelPairingController } from "openclaw/plugin-sdk/channel-pairing";
import type { Announcement, HostTurn, InboundHost } from "../../turn/host.ts";
import { awaitPrompt, findApprovalPrompt } from "../account/memory/approval-prompts.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { readAccess, resolveIngress } from "./access.ts";
import { resolveApproval } from "./approval.ts";
import {
  authorizeCommand,
  describeConversation,
  listModels,
  runOwnCommand,
  selectModel,
  stopSession,
} from "./command.ts";
import { introduce } from "./context/introduction.ts";
import { dispatchTurn, whileBeating } from "./dispatch.ts";
import { takeRefusal } from "./refusal.ts";
import { type Route, resolveRoute } from "./route.ts";
import type { HostOptions, TurnScope } from "./scope.ts";
import { transcribe } from "./voice.ts";

/** The inbound port for one event, under the configuration in force when it is called. */
export function createInboundHost(options: HostOptions): InboundHost {
  const cfg = options.readConfig();
  const settings = options.readSettings();
  return {
    settings: options.readSettings,
    openTurn: (input) => openTurn({ ...options, cfg, settings, input }),
  };
}

function openTurn(scope: TurnScope): HostTurn {
  const { core, accountId } = scope;
  const pairing = createChannelPairingController({ core, channel: CHANNEL_ID, accountId });
  const route = resolveRoute(scope);
  let ingress: ResolvedChannelMessageIngress | undefined;
  let commandIngress: ResolvedChannelMessageIngress | undefined;
  const commandTurn = () => ({ route, ingress: required(commandIngress) });

  return {
    conversation: `${scope.input.room.id} ${route.turnSessionKey}`,

    async resolveAccess() {
      const now = { ...scope, cfg: scope.readConfig(), settings: scope.readSettings() };
      ingress = await resolveIngress(now, route, pairing.readAllowFromStore);
      return readAccess(ingress);
    },

    requestPairing: (send) => requestPairing(scope, pairing, send),

    announce: (announcement) => announce(scope, route, announcement),
    async introduce(arrival) {
      scope.assertOpen();
      await introduce(scope, route, arrival);
    },

    async dispatch({ lookAround, fetchFiles, judgeAnew, ...replies }, signal) {
      scope.assertOpen();
      scope.bursts.close(route.turnSessionKey);
      scope.onTurn(scope, route.eventKind);
      const source = { lookAround, fetchFiles, judgeAnew };
      await dispatchTurn(scope, { route, ingress: required(ingress), replies, source, signal });
    },

    async authorizeCommand() {
      scope.assertOpen();
      commandIngress = await authorizeCommand(scope, route, pairing.readAllowFromStore);
      return commandIngress.commandAccess.authorized;
    },

    atWork: (work) => whileBeating(scope, work),
    transcribe: (recording) => transcribe(scope, route, recording),
    takeRefusal: (error) => takeRefusal(scope, error),
    runOwnCommand: (text, port) => runOwnCommand(scope, commandTurn(), { text, port }),
    stop: (tell) => stopSession(scope, commandTurn(), tell),
    resolveApproval: (approval) => resolveApproval(scope, approval),
    findApproval: (message) => findApproval(accountId, message),
    describe: () => describeConversation(scope, route),
    listModels: () => listModels(scope, route),
    selectModel: (choice) => selectModel(scope, route, choice),
  };
}

async function requestPairing(
  { core, pairings, input: { message } }: TurnScope,
  pairing: ReturnType<typeof createChannelPairingController>,
  send: (text: string) => Promise<void>,
): Promise<void> {
  const { sender, roomId } = message;
  const name = sender.username ?? sender.name ?? sender.id;
  const { code, created } = await pairing.upsertPairingRequest({ id: sender.id, meta: { name } });
  // No code: too many others wait for theirs.
  if (code === "" || (!created && pairings.wasSent(sender.id, code))) return;
  // Not "Rocket.Chat user id": its clients would show the name as a link to a web site.
  const idLine = `Your user id: ${sender.id}`;
  await send(core.channel.pairing.buildPairingReply({ channel: CHANNEL_ID, idLine, code }));
  pairings.noteSent({ userId: sender.id, code, roomId, username: sender.username });
}

/** A reaction so soon after a message may come before the answer to its post. Milliseconds of the server's clock. */
const JUST_NOW_MS = 10_000;

async function findApproval(
  accountId: string,
  { id, sentAt, updatedAt }: Parameters<HostTurn["findApproval"]>[0],
): Promise<string | undefined> {
  const isNew = updatedAt - sentAt < JUST_NOW_MS;
  const find = () => findApprovalPrompt(accountId, id);
  return isNew ? awaitPrompt(find) : find();
}

function announce(scope: TurnScope, { turnSessionKey: sessionKey }: Route, announcement: Announcement): void {
  scope.assertOpen();
  const { key, text } = scope.bursts.add(sessionKey, announcement);
  const contextKey = `${CHANNEL_ID}:${key}`;
  scope.core.system.enqueueSystemEvent(text, { sessionKey, contextKey, replace: true });
}

function required(ingress: ResolvedChannelMessageIngress | undefined): ResolvedChannelMessageIngress {
  if (ingress === undefined) throw new Error("A turn goes on only after its access was resolved");
  return ingress;
}
