import { describe, expect, it } from "vitest";
import { messageIds } from "../../test/support/message-ids.ts";
import { NetworkError, RestError } from "../errors.ts";
import type { JsonObject } from "../facts/json.ts";
import type { RestClient } from "../rest/client.ts";
import { resolveTargetRoom, sendMessage } from "./send.ts";

const ids = messageIds();

/** A far end that stores what is posted and fails as told, before or after storing. */
function farEnd(failure?: { error: Error; stored: boolean }) {
  const stored = new Map<string, string>();
  const calls: string[] = [];
  const rest: RestClient = {
    async get(path, query): Promise<JsonObject> {
      calls.push(path);
      if (path === "v1/users.info") return { user: { _id: query?.userId, username: "alice" } };
      const rid = stored.get(query?.msgId ?? "");
      if (rid === undefined) throw new RestError("unknown", { status: 400, endpoint: path });
      return { message: { _id: query?.msgId, rid, u: { _id: "bot" } } };
    },
    async post(path): Promise<JsonObject> {
      calls.push(path);
      if (path === "v1/im.create") return { room: { _id: "dm", usernames: ["labbot", "alice"] } };
      if (failure === undefined || failure.stored) stored.set("m1", "r1");
      if (failure !== undefined) throw failure.error;
      return { success: true };
    },
  };
  return { rest, calls };
}

const message = { id: "m1", roomId: "r1", text: "hello" };
const bare400 = new RestError("Cannot read properties of undefined", {
  status: 400,
  endpoint: "v1/chat.sendMessage",
});
const refused = new RestError("no", {
  status: 400,
  serverCode: "error-not-allowed",
  endpoint: "v1/chat.sendMessage",
});
const badGateway = new RestError("no", { status: 502, endpoint: "v1/chat.sendMessage" });

describe("sendMessage", () => {
  it("asks nothing more when the server says it posted", async () => {
    const { rest, calls } = farEnd();
    await sendMessage({ rest, ids }, message);
    expect(calls).toEqual(["v1/chat.sendMessage"]);
  });

  it.each([bare400, badGateway, new NetworkError("answer lost")])(
    "finds a message posted despite %s",
    async (error) => {
      const { rest } = farEnd({ error, stored: true });
      await expect(sendMessage({ rest, ids }, message)).resolves.toBe("m1");
    },
  );

  it.each([bare400, badGateway, new NetworkError("never arrived")])(
    "reports %s when nothing was posted",
    async (error) => {
      const { rest } = farEnd({ error, stored: false });
      await expect(sendMessage({ rest, ids }, message)).rejects.toBe(error);
    },
  );

  it("believes a refusal with a code without asking", async () => {
    const { rest, calls } = farEnd({ error: refused, stored: false });
    await expect(sendMessage({ rest, ids }, message)).rejects.toBe(refused);
    expect(calls).toEqual(["v1/chat.sendMessage"]);
  });
});

describe("resolveTargetRoom", () => {
  it("opens the direct room of a user", async () => {
    const { rest, calls } = farEnd();
    expect(await resolveTargetRoom(rest, { kind: "user", id: "u1" })).toBe("dm");
    expect(calls).toEqual(["v1/users.info", "v1/im.create"]);
  });

  it("takes a room as it is", async () => {
    const { rest, calls } = farEnd();
    expect(await resolveTargetRoom(rest, { kind: "room", id: "r9" })).toBe("r9");
    expect(calls).toEqual([]);
  });
});
