// Owns the proof that a refusal is told in the same words whichever version refuses.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Emulator, type Profile, startEmulator } from "../../emulator/server.ts";
import { decodeRevision } from "../facts/change.ts";
import { deleteOwn } from "../outbound/reactions.ts";
import { createRestClient } from "./client.ts";
import { fetchHistory } from "./history.ts";
import { postMessage } from "./messages.ts";
import { setReaction, updateMessage } from "./reactions.ts";
import { fetchRoom } from "./rooms.ts";
import { confirmFile, uploadFile } from "./uploads.ts";

const emulators: Emulator[] = [];
afterAll(() => Promise.all(emulators.map((emulator) => emulator.close())));

/** A bot user, a room that it is in as a plain member, and one that it is not in, each with a message of alice. */
async function start(profile: Profile) {
  const emulator = await startEmulator({ profile });
  emulators.push(emulator);
  const { control } = emulator;
  const { userId } = control.addUser({ username: "bot", roles: ["user", "bot"] });
  control.addUser({ username: "alice" });
  control.addUser({ username: "mallory" });
  const place = (members: string[]) => {
    const rid = control.addRoom({ name: members.join("-"), type: "p", members });
    const message = control.post({ as: "alice", rid, msg: "hello" });
    return { rid, roomId: rid, messageId: message._id, message };
  };
  const rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: control.personalAccessToken("bot"),
    fetch: async (url, { follow: _, ...init }) => ({
      response: await fetch(url, init),
      release: async () => {},
    }),
    onUnauthorized: () => {},
  });
  const inside = place(["alice", "bot"]);
  return { emulator, rest, inside, outside: place(["alice", "mallory"]) };
}

type Server = Awaited<ReturnType<typeof start>>;
const servers = new Map<Profile, Server>();
beforeAll(async () => {
  for (const profile of ["8.3", "9.0"] as const) servers.set(profile, await start(profile));
});

const FILE = { name: "note.txt", bytes: new Blob(["x"], { type: "text/plain" }) };
const upload = ({ rest }: Server, roomId: string) => uploadFile(rest, { roomId, ...FILE });

/** What the bot user may not do, and what comes of it. */
const REFUSED: Record<string, (server: Server) => Promise<unknown>> = {
  react: ({ rest, outside }) => setReaction(rest, { ...outside, emoji: "eyes", stands: true }),
  edit: ({ rest, inside }) => updateMessage(rest, { ...inside, text: "another text" }),
  delete: ({ rest, inside }) => {
    const revision = decodeRevision(JSON.parse(JSON.stringify(inside.message)));
    if (!revision) throw new Error("no revision");
    return deleteOwn(rest, revision);
  },
  post: ({ rest, outside }) => postMessage(rest, { id: "a message", roomId: outside.rid, text: "x" }),
  pin: ({ rest, inside }) => rest.post("v1/chat.pinMessage", { messageId: inside.messageId }),
  upload: (server) => upload(server, server.outside.rid),
  history: ({ rest, outside }) => fetchHistory(rest, { id: outside.rid, type: "p" }, { since: 0, max: 10 }),
  "rooms.info": ({ rest, outside }) => fetchRoom(rest, outside.rid),
  "confirming a file": ({ rest, outside }) =>
    confirmFile(rest, { roomId: outside.rid, fileId: "none" }, { text: "x", threadId: undefined }),
};

/** The documented form of every refusal for want of a permission in 9.0. */
const FORBIDDEN = {
  success: false,
  error: "User does not have the permissions required for this action [error-forbidden]",
  errorType: "error-forbidden",
};

async function told(profile: Profile, refused: (server: Server) => Promise<unknown>): Promise<string> {
  const server = servers.get(profile);
  if (!server) throw new Error(`no ${profile}`);
  if (profile === "9.0") server.emulator.faults.rest({ status: 403, body: FORBIDDEN, times: 1 });
  const outcome = await refused(server).catch((error: unknown) => error);
  server.emulator.faults.clear();
  if (!(outcome instanceof Error)) return `answered: ${String(outcome)}`;
  return outcome.message.replaceAll(server.inside.rid, "ROOM").replaceAll(server.outside.rid, "ROOM");
}

it.each(Object.entries(REFUSED))("%s", async (name, refused) => {
  const [recorded, documented] = [await told("8.3", refused), await told("9.0", refused)];
  expect(recorded).toMatch(name === "rooms.info" ? /^answered: undefined$/ : /may not|lacks the permission/);
  expect(documented).toBe(recorded);
});
