// Owns the floor of answering: the least that a channel can do with OpenClaw, without queue, access lists or checks.
//
// Plain JavaScript, because the gateway loads it as it is.

import { createChatChannelPlugin, defineChannelPluginEntry } from "openclaw/plugin-sdk/channel-core";
import { formatInboundEnvelope, toInboundMediaFactsWithMetadata } from "openclaw/plugin-sdk/channel-inbound";
import { defineStableChannelIngressIdentity } from "openclaw/plugin-sdk/channel-ingress-runtime";
import {
  createChannelMessageAdapterFromOutbound,
  createChannelMessageReplyPipeline,
} from "openclaw/plugin-sdk/channel-outbound";
import { WebSocket } from "openclaw/plugin-sdk/websocket-runtime";

const CHANNEL = "floor";
const identity = defineStableChannelIngressIdentity({
  key: "sender-id",
  authentication: "verified",
  normalize: String,
  isWildcardEntry: (entry) => entry === "*",
  resolveEntryId: ({ entryIndex }) => `floor-entry-${entryIndex}:user`,
});

let core;

const sectionOf = (cfg) => cfg.channels?.[CHANNEL] ?? {};
const accountIdsOf = (cfg) => Object.keys(sectionOf(cfg).accounts ?? { default: {} });
const accountOf = (cfg, accountId) => ({
  accountId: accountId ?? "default",
  url: sectionOf(cfg).url,
  enabled: true,
});

async function post(url, room, text) {
  const response = await fetch(new URL("/send", url), {
    method: "POST",
    body: JSON.stringify({ room, text }),
  });
  await response.arrayBuffer();
}

/** What OpenClaw's queue hands over; a file is left where it is. */
async function send({ cfg, to, text }) {
  await post(sectionOf(cfg).url, to.replace("room:", ""), text);
  return { channel: CHANNEL, messageId: "reply" };
}

const outbound = {
  deliveryMode: "direct",
  chunker: null,
  deliveryCapabilities: { durableFinal: { text: true, media: true } },
  resolveTarget: ({ to }) => ({ ok: true, to }),
  sendText: send,
  sendMedia: send,
};

/** A file `{url, headers, name}`, put where OpenClaw keeps what came in. */
async function fetchFile(cfg, { url, headers, name }) {
  const maxBytes = sectionOf(cfg).mediaMaxMb * 1024 * 1024;
  const response = await fetch(url, { headers });
  const { path, contentType } = await core.channel.media.saveResponseMedia(response, {
    maxBytes,
    originalFilename: name,
    filePathHint: name,
  });
  return toInboundMediaFactsWithMetadata([{ path, contentType: contentType ?? null, fileName: name }]);
}

/** One message `{id, room, user, text, file}`: the turn, and its answer by POST. */
async function answer({ cfg, account, message }) {
  const { accountId, url } = account;
  const peer = { kind: "channel", id: message.room };
  const route = core.channel.routing.resolveAgentRoute({ cfg, channel: CHANNEL, accountId, peer });
  const { sessionKey, agentId } = route;
  const ingress = await core.channel.inbound.ingress.resolve({
    channelId: CHANNEL,
    accountId,
    identity,
    subject: { stableId: message.user },
    conversation: peer,
    event: { kind: "message", authMode: "inbound", mayPair: false },
    contextBinding: {
      agentId,
      sessionKey,
      messageId: message.id,
      nativeChannelId: message.room,
      inboundEventKind: "user_request",
    },
    policy: {
      dmPolicy: "open",
      groupPolicy: "open",
      activation: { requireMention: false, allowTextCommands: false },
    },
    allowFrom: ["*"],
    groupAllowFrom: ["*"],
    readStoreAllowFrom: async () => [],
    mentionFacts: {
      canDetectMention: true,
      wasMentioned: true,
      hasAnyMention: true,
      implicitMentionKinds: [],
    },
    command: { allowTextCommands: false, hasControlCommand: false, directGroupAllowFrom: "none" },
  });
  const media = message.file && (await fetchFile(cfg, message.file));
  const timestamp = Date.now();
  const to = `room:${message.room}`;
  const ctxPayload = core.channel.inbound.buildContext({
    channelIngress: ingress,
    channel: CHANNEL,
    accountId,
    messageId: message.id,
    timestamp,
    from: `floor:channel:${message.room}`,
    sender: { id: message.user, name: message.user },
    conversation: { kind: "channel", id: message.room, nativeChannelId: message.room, routePeer: peer },
    route: {
      agentId,
      accountId: route.accountId,
      routeSessionKey: sessionKey,
      dispatchSessionKey: sessionKey,
      mainSessionKey: route.mainSessionKey,
    },
    reply: { to, originatingTo: to, nativeChannelId: message.room },
    message: {
      inboundEventKind: "user_request",
      body: formatInboundEnvelope({
        channel: "Floor",
        from: message.room,
        timestamp,
        body: message.text,
        chatType: "channel",
        sender: { name: message.user, id: message.user },
        envelope: core.channel.reply.resolveEnvelopeFormatOptions(cfg),
      }),
      bodyForAgent: message.text,
      rawBody: message.text,
      commandBody: message.text,
    },
    access: {
      mentions: {
        canDetectMention: true,
        wasMentioned: true,
        requireMention: false,
        effectiveWasMentioned: true,
      },
      commands: { authorized: false },
    },
    ...(media && { media }),
    extra: { CommandInterpretationSuppressed: true },
  });
  const { onModelSelected, ...pipeline } = createChannelMessageReplyPipeline({
    cfg,
    agentId,
    channel: CHANNEL,
    accountId,
  });
  await core.channel.inbound.run({
    channel: CHANNEL,
    accountId,
    raw: message,
    adapter: {
      ingest: () => ({ id: message.id, timestamp, rawText: message.text, textForAgent: message.text }),
      resolveTurn: () => ({
        cfg,
        channel: CHANNEL,
        accountId,
        route: { agentId, sessionKey },
        ctxPayload,
        record: {},
        dispatcherOptions: pipeline,
        delivery: {
          // An answer with a file goes through OpenClaw's queue, which keeps what is final: it comes as a block.
          durable: ({ mediaUrls = [] }) =>
            mediaUrls.length > 0 && { to, info: { kind: "final" }, requiredCapabilities: { media: true } },
          async deliver({ text }) {
            await post(url, message.room, text);
            return { visibleReplySent: true, messageIds: [`reply-${message.id}`] };
          },
        },
        replyOptions: { onModelSelected },
      }),
    },
  });
}

function startAccount({ cfg, account, abortSignal, log, setStatus, getStatus }) {
  return new Promise((resolve) => {
    const socket = new WebSocket(account.url.replace("http", "ws"));
    socket.on("open", () => {
      setStatus({ ...getStatus(), running: true, connected: true, lifecycle: "ready" });
      log?.info(`[${account.accountId}] floor connected`);
    });
    socket.on("message", (data) => {
      const message = JSON.parse(data.toString());
      answer({ cfg, account, message }).catch((error) => log?.error(`floor: ${error.stack}`));
    });
    socket.on("error", (error) => log?.error(`floor: ${error.message}`));
    socket.on("close", resolve);
    abortSignal.addEventListener("abort", () => socket.terminate(), { once: true });
  });
}

const plugin = createChatChannelPlugin({
  base: {
    id: CHANNEL,
    meta: {
      id: CHANNEL,
      label: "Floor",
      selectionLabel: "Floor",
      docsPath: "/channels/floor",
      blurb: "the least that a channel can do.",
    },
    capabilities: { chatTypes: ["channel"] },
    reload: { configPrefixes: [`channels.${CHANNEL}`] },
    config: {
      listAccountIds: accountIdsOf,
      resolveAccount: accountOf,
      isConfigured: () => true,
      describeAccount: ({ accountId }) => ({ accountId, configured: true, enabled: true }),
    },
    gateway: { startAccount },
    message: createChannelMessageAdapterFromOutbound({ id: CHANNEL, outbound }),
  },
  outbound,
});

export default defineChannelPluginEntry({
  id: CHANNEL,
  name: "Floor",
  description: "The least that a channel can do",
  plugin,
  setRuntime(runtime) {
    core = runtime;
  },
});
