// Owns what commands need of the host: OpenClaw's decision who may run them, its own text commands, and its sessions.

import { randomUUID } from "node:crypto";
import { resolveActiveEmbeddedRunSessionId } from "openclaw/plugin-sdk/agent-harness-runtime";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { hasControlCommand, resolveCommandAuthorization } from "openclaw/plugin-sdk/command-auth-native";
import {
  applySessionModelSelection,
  resolveChannelModelOverride,
  resolveSessionModelRef,
} from "openclaw/plugin-sdk/model-session-runtime";
import {
  buildModelsProviderData,
  buildPreparedModelsProviderData,
} from "openclaw/plugin-sdk/models-provider-runtime";
import type { ModelFacts, SessionFacts } from "../../commands/replies.ts";
import { operatorsIn, wordsFor } from "../../commands/rights.ts";
import { nameCommands } from "../../outbound/own-words.ts";
import { formatTarget } from "../../outbound/target.ts";
import type { CommandPort, ConversationFacts, ReplyPort, StopFacts } from "../../turn/host.ts";
import { NOTHING_AROUND } from "../../turn/surroundings.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { resolveIngress } from "./access.ts";
import { buildContext } from "./context/context.ts";
import { NO_MEDIA } from "./context/media.ts";
import { dispatchTurn } from "./dispatch.ts";
import { runsLater } from "./order.ts";
import type { Route } from "./route.ts";
import { STOP, type TurnScope } from "./scope.ts";

/** A turn whose sender OpenClaw's command gate has judged. */
export interface CommandTurn {
  readonly route: Route;
  readonly ingress: ResolvedChannelMessageIngress;
}

/**
 * Asks OpenClaw's command gate whether the sender is one of the operators here. The gate would also let pass
 * who may merely speak in a room, so these lists are kept from it; the caller has asked them before.
 */
export async function authorizeCommand(
  scope: TurnScope,
  route: Route,
  readStoreAllowFrom: () => Promise<string[]>,
): Promise<ResolvedChannelMessageIngress> {
  const { chatType } = scope.input.room;
  const paired = chatType === "direct" ? await readStoreAllowFrom() : [];
  const operators = operatorsIn(scope.settings, { chatType, paired });
  return resolveIngress(scope, route, readStoreAllowFrom, operators);
}

/**
 * Has OpenClaw carry out one of its text commands. What OpenClaw does not take for a command of an authorized
 * sender would become a question to the model, so its own check is asked before. It wants more than the gate:
 * where it has a list of owners or `commands.allowFrom`, the sender must be on it.
 */
export async function runOwnCommand(
  scope: TurnScope,
  { route, ingress }: CommandTurn,
  { text, port }: { readonly text: string; readonly port: CommandPort },
): Promise<void> {
  const { cfg } = scope;
  const ctx = buildContext(scope, { route, ingress, around: NOTHING_AROUND, media: NO_MEDIA, command: text });
  const commandAuthorized = ingress.commandAccess.authorized;
  const { isAuthorizedSender } = resolveCommandAuthorization({ ctx, cfg, commandAuthorized });
  if (!isAuthorizedSender || !hasControlCommand(text, cfg)) {
    await port.post(
      "OpenClaw's own `commands.ownerAllowFrom` or `commands.allowFrom` does not let you do this.",
    );
    return;
  }
  const words = new Set(wordsFor(scope.settings, true));
  const post: CommandPort["post"] = (reply) => port.post(nameCommands(reply, words));
  await dispatchTurn(scope, { route, ingress, replies: repliesBy({ ...port, post }), command: text });
}

/** A command is answered where it was given, whatever place a reply of the agent would have. */
function repliesBy(port: CommandPort): ReplyPort {
  return { ...port, findRoot: async () => undefined };
}

/**
 * OpenClaw's `/stop`. What it says is not passed on, because it says it even when nothing ran; and it may load
 * much before, right after a start, while the answer under way has been ended already. It ends whatever runs in the
 * session. So it is carried out once, and not at all where somebody has asked since, as before a stop that is tried again.
 */
export async function stopSession(
  scope: TurnScope,
  { route, ingress }: CommandTurn,
  tell: (facts: StopFacts) => Promise<unknown>,
): Promise<void> {
  const { turns, stopped, input } = scope;
  const { id, sentAt } = input.message;
  const dropped = await scope.countWaiting(input);
  if (stopped.has(id) || runsLater(turns, route.turnSessionKey, sentAt))
    return void (await tell({ otherRun: false, dropped }));
  const otherRun = resolveActiveEmbeddedRunSessionId(route.turnSessionKey) !== undefined;
  const stopScope = { ...scope, cfg: withOperator(scope, ingress) };
  const replies = repliesBy({ post: async () => id, threadId: undefined });
  const stopping = dispatchTurn(stopScope, { route, ingress, replies, command: STOP });
  await Promise.all([tell({ otherRun, dropped }), stopping.then(() => noteStopped(stopped, id))]);
}

/** Stops that are remembered; a stop is tried again within the hour. */
const MAX_STOPPED = 1000;

function noteStopped(stopped: Set<string>, id: string): void {
  stopped.add(id);
  const [oldest] = stopped;
  if (stopped.size > MAX_STOPPED && oldest !== undefined) stopped.delete(oldest);
}

/**
 * OpenClaw takes a list of owners, which the first approved pairing begins, for the list of all who may run
 * commands, unless `commands.allowFrom` names them. For a stop it names the sender whom its own gate has just
 * authorized; a list that the configuration itself has for this channel stays in force.
 */
function withOperator({ cfg, input }: TurnScope, ingress: ResolvedChannelMessageIngress): OpenClawConfig {
  const configured = cfg.commands?.allowFrom;
  if (!ingress.commandAccess.authorized || configured?.[CHANNEL_ID] || configured?.["*"]) return cfg;
  const allowFrom = { ...configured, [CHANNEL_ID]: [input.message.sender.id] };
  return { ...cfg, commands: { ...cfg.commands, allowFrom } };
}

/**
 * Changes what this session runs on from its next turn, as OpenClaw's own pickers do; `default` takes the
 * choice back. Answers with OpenClaw's words when it refuses.
 */
export async function selectModel(
  scope: TurnScope,
  route: Route,
  choice: string,
): Promise<string | undefined> {
  const { core, cfg } = scope;
  const { agentId, turnSessionKey: sessionKey } = route;
  const { modelCatalog } = await buildPreparedModelsProviderData(cfg, agentId);
  const fallback = core.modelConfig.resolveDefaultModelForAgent({ cfg, agentId });
  const stored = readEntry(scope, route);
  const now = Date.now();
  const entry = stored ?? { sessionId: randomUUID(), updatedAt: now, sessionStartedAt: now };
  const current = resolveSessionModelRef(cfg, stored, agentId);
  const chosen = choice === "default" ? fallback : splitModel(choice);
  const isDefault = chosen.provider === fallback.provider && chosen.model === fallback.model;
  const applied = await applySessionModelSelection({
    cfg,
    agentId,
    sessionKey,
    storePath: core.agent.session.resolveStorePath(cfg.session?.store, { agentId }),
    sessionEntry: entry,
    sessionStore: { [sessionKey]: entry },
    allowCreate: stored === undefined,
    defaultProvider: fallback.provider,
    defaultModel: fallback.model,
    currentProvider: current.provider,
    currentModel: current.model,
    modelCatalog,
    canPersistStickyModelSelection: false,
    request: { ...chosen, isDefault, runtime: { kind: isDefault ? "clear" : "unchanged" } },
    markLiveSwitchPending: true,
  });
  return applied.status === "applied" ? undefined : applied.message;
}

/** `provider/model`; a model's own name may hold further slashes. */
function splitModel(choice: string): { provider: string; model: string } {
  const at = choice.indexOf("/");
  return { provider: choice.slice(0, at), model: choice.slice(at + 1) };
}

export async function describeConversation(scope: TurnScope, route: Route): Promise<ConversationFacts> {
  const { core, cfg } = scope;
  const { agentId } = route;
  const entry = readEntry(scope, route);
  const session: SessionFacts | undefined = entry && {
    startedAt: entry.sessionStartedAt ?? entry.createdAt,
    usedTokens: entry.totalTokensFresh === false ? undefined : entry.totalTokens,
    contextTokens: entry.contextTokens,
  };
  return {
    agent: core.agent.resolveAgentIdentity(cfg, agentId)?.name ?? agentId,
    model: currentModel(scope, route),
    session,
    waiting: await scope.countWaiting(scope.input),
    link: scope.readLink(),
  };
}

export async function listModels(scope: TurnScope, route: Route): Promise<ModelFacts> {
  const { byProvider } = await buildModelsProviderData(scope.cfg, route.agentId);
  const choices = [...byProvider].flatMap(([provider, models]) =>
    [...models].map((model) => `${provider}/${model}`),
  );
  return { current: currentModel(scope, route), choices };
}

/** What was chosen for the conversation, else what `channels.modelByChannel` says, else the agent's own. */
function currentModel(scope: TurnScope, route: Route): string {
  const entry = readEntry(scope, route);
  const isChosen = Boolean(entry?.modelOverride?.trim());
  const ofPlace = isChosen ? undefined : modelOfPlace(scope);
  if (ofPlace !== undefined) return ofPlace;
  const { provider, model } = resolveSessionModelRef(scope.cfg, entry, route.agentId);
  return `${provider}/${model}`;
}

function modelOfPlace({ cfg, input: { room, message } }: TurnScope): string | undefined {
  const { id } = message.sender;
  return resolveChannelModelOverride({
    cfg,
    channel: CHANNEL_ID,
    groupChatType: room.chatType,
    ...(room.chatType === "direct"
      ? { directUserIds: [formatTarget({ kind: "user", id }), id] }
      : { groupId: room.id, groupSubject: room.label ?? null }),
  })?.model;
}

function readEntry({ core }: TurnScope, { agentId, turnSessionKey }: Route) {
  return core.agent.session.getSessionEntry({ agentId, sessionKey: turnSessionKey });
}
