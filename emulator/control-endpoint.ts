// The controls and faults over HTTP, below /_control/, where no Rocket.Chat has anything; loopback only, no login.
import { type Context, Hono } from "hono";
import type { Control } from "./control.ts";
import type { Faults, LastingFaults, RestFault, Victims } from "./faults.ts";
import { body, flag, number, object, text } from "./rest/call/route.ts";

/** Runs one action on a JSON body that was looked at; what it answers goes out as JSON. */
type Action = (input: unknown) => unknown;

function action<T>(schema: object, run: (input: T) => unknown): Action {
  const check = body<T>(schema, "bare");
  return (input) => run(check(input));
}

const texts = { type: "array", items: text };
const record = { type: "object", additionalProperties: text };

/**
 * `POST /_control/<action>` with a JSON body does what the method of the same name does; `GET /_control/messages?rid=`,
 * `/requests` and `/connections` read; `POST /_control/faults/<name>` sets faults, `DELETE /_control/faults` clears them.
 * Answers `{result}`, or 400 `{error}`.
 */
export function controlEndpoint(control: Control, faults: Faults): Hono {
  const app = new Hono();
  const actions = { ...controlActions(control), ...faultActions(faults) };
  for (const [path, run] of Object.entries(actions)) {
    app.post(`/${path}`, async (context) => reply(context, async () => run(await readJson(context))));
  }
  app.delete("/faults", (context) => reply(context, () => faults.clear()));
  app.get("/messages", (context) => reply(context, () => control.messages(context.req.query("rid") ?? "")));
  app.get("/requests", (context) => reply(context, () => control.requests()));
  app.get("/connections", (context) => reply(context, () => control.connections()));
  return app;
}

async function readJson(context: Context): Promise<unknown> {
  const content = await context.req.text();
  return content === "" ? {} : JSON.parse(content);
}

async function reply(context: Context, run: () => unknown): Promise<Response> {
  try {
    return context.json({ result: (await run()) ?? null });
  } catch (error) {
    return context.json({ error: error instanceof Error ? error.message : String(error) }, 400);
  }
}

type Of<Method extends (...args: never[]) => unknown> = Parameters<Method>[0];

const byMessage = { as: text, messageId: text };
const byRoom = { as: text, rid: text, username: text };

function controlActions(control: Control): Record<string, Action> {
  return {
    ...accountActions(control),
    ...messageActions(control),
    ...roomActions(control),
    ...serverActions(control),
  };
}

function accountActions(control: Control): Record<string, Action> {
  return {
    addUser: action<Of<Control["addUser"]>>(
      object({ username: text, name: text, password: text, roles: texts }, ["username"]),
      (input) => control.addUser(input),
    ),
    addAdmin: action<Of<Control["addAdmin"]>>(
      object({ username: text, name: text, password: text }, ["username"]),
      (input) => control.addAdmin(input),
    ),
    personalAccessToken: action<{ username: string }>(
      object({ username: text }, ["username"]),
      ({ username }) => control.personalAccessToken(username),
    ),
    revokeToken: action<{ token: string }>(object({ token: text }, ["token"]), ({ token }) =>
      control.revokeToken(token),
    ),
    deactivate: action<{ username: string; active?: boolean }>(
      object({ username: text, active: flag }, ["username"]),
      ({ username, active }) => control.deactivate(username, active),
    ),
    renameUser: action<Of<Control["renameUser"]>>(
      object({ username: text, to: text, name: text }, ["username"]),
      (input) => control.renameUser(input),
    ),
  };
}

function messageActions(control: Control): Record<string, Action> {
  return {
    post: action<Of<Control["post"]>>(
      object({ as: text, rid: text, msg: text, tmid: text, tshow: flag, _id: text }, ["as", "rid", "msg"]),
      (input) => control.post(input),
    ),
    edit: action<Of<Control["edit"]>>(object({ ...byMessage, text }, ["as", "messageId", "text"]), (input) =>
      control.edit(input),
    ),
    delete: action<Of<Control["delete"]>>(object(byMessage, ["as", "messageId"]), (input) =>
      control.delete(input),
    ),
    react: action<Of<Control["react"]>>(
      object({ ...byMessage, emoji: text, on: flag }, ["as", "messageId", "emoji"]),
      (input) => control.react(input),
    ),
    pin: action<Of<Control["pin"]>>(object(byMessage, ["as", "messageId"]), (input) => control.pin(input)),
    postEncrypted: action<Of<Control["postEncrypted"]>>(
      object({ as: text, rid: text }, ["as", "rid"]),
      (input) => control.postEncrypted(input),
    ),
  };
}

function roomActions(control: Control): Record<string, Action> {
  return {
    addRoom: action<Of<Control["addRoom"]>>(
      object({ name: text, type: { enum: ["c", "p"] }, members: texts, extra: { type: "object" } }, [
        "name",
        "type",
        "members",
      ]),
      (input) => control.addRoom(input),
    ),
    direct: action<{ usernames: string[] }>(object({ usernames: texts }, ["usernames"]), ({ usernames }) =>
      control.direct(usernames),
    ),
    invite: action<Of<Control["invite"]>>(object(byRoom, ["as", "rid", "username"]), (input) =>
      control.invite(input),
    ),
    kick: action<Of<Control["kick"]>>(object(byRoom, ["as", "rid", "username"]), (input) =>
      control.kick(input),
    ),
    rename: action<Of<Control["rename"]>>(
      object({ as: text, rid: text, name: text }, ["as", "rid", "name"]),
      (input) => control.rename(input),
    ),
    mute: action<Of<Control["mute"]>>(object({ ...byRoom, on: flag }, ["as", "rid", "username"]), (input) =>
      control.mute(input),
    ),
    setReadOnly: action<Of<Control["setReadOnly"]>>(
      object({ as: text, rid: text, on: flag }, ["as", "rid"]),
      (input) => control.setReadOnly(input),
    ),
    discuss: action<Of<Control["discuss"]>>(
      object({ as: text, rid: text, title: text, users: texts }, ["as", "rid", "title"]),
      (input) => control.discuss(input),
    ),
    encrypt: action<{ rid: string }>(object({ rid: text }, ["rid"]), ({ rid }) => control.encrypt(rid)),
  };
}

function serverActions(control: Control): Record<string, Action> {
  return {
    page: action<{ url: string; meta: Record<string, string> }>(
      object({ url: text, meta: record }, ["url", "meta"]),
      ({ url, meta }) => control.page(url, meta),
    ),
    setSetting: action<{ id: string; value: string | number | boolean }>(
      object({ id: text, value: { type: ["string", "number", "boolean"] } }, ["id", "value"]),
      ({ id, value }) => control.setSetting(id, value),
    ),
    restrict: action<{ on: boolean }>(object({ on: flag }, ["on"]), ({ on }) => control.restrict(on)),
    limitRest: action<{ on: boolean }>(object({ on: flag }, ["on"]), ({ on }) => control.limitRest(on)),
  };
}

const victims = { username: text };

const lasting = {
  upgrade: { anyOf: [number, { const: "stall" }] },
  login: { enum: ["forbidden", "unauthorized", "too-many-requests"] },
  refusedStreams: texts,
  frameDelayMs: number,
  duplicateFrames: flag,
  reorderFrames: flag,
  streamService: flag,
  clockSkewMs: number,
};

const restFault = {
  mentioning: text,
  path: text,
  times: number,
  status: number,
  body: { type: ["string", "object"] },
  effect: flag,
  lost: flag,
  delayMs: number,
};

function faultActions(faults: Faults): Record<string, Action> {
  return {
    "faults/set": action<Partial<LastingFaults>>(
      object(lasting),
      (changes) => void Object.assign(faults.lasting, changes),
    ),
    "faults/rest": action<RestFault>(object(restFault), (fault) => faults.rest(fault)),
    "faults/closeSockets": action<Victims & { code?: number; reason?: string }>(
      object({ ...victims, code: number, reason: text }),
      ({ code = 1000, reason = "Normal closure", ...who }) => faults.closeSockets(who, { code, reason }),
    ),
    "faults/cutSockets": action<Victims>(object(victims), (who) => faults.cutSockets(who)),
    "faults/silenceSockets": action<Victims>(object(victims), (who) => faults.silenceSockets(who)),
    "faults/sendFrame": action<Victims & { text: string }>(
      object({ ...victims, text }, ["text"]),
      ({ text: frame, ...who }) => faults.sendFrame(frame, who),
    ),
    "faults/sendOversizedFrame": action<Victims & { bytes: number }>(
      object({ ...victims, bytes: number }, ["bytes"]),
      ({ bytes, ...who }) => faults.sendOversizedFrame(bytes, who),
    ),
    "faults/endSubscriptions": action<Victims & { stream: string }>(
      object({ ...victims, stream: text }, ["stream"]),
      ({ stream, ...who }) => faults.endSubscriptions(stream, who),
    ),
    "faults/restart": action<{ gapMs?: number }>(object({ gapMs: number }), (options) => {
      // Answered first: the restart cuts this call's connection too.
      setImmediate(() => void faults.restart(options));
    }),
  };
}
