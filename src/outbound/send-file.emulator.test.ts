import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RestFault } from "../../emulator/faults.ts";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { messageIds } from "../../test/support/message-ids.ts";
import { NetworkError } from "../errors.ts";
import type { JsonObject } from "../facts/json.ts";
import { type AccountClient, createRestClient } from "../rest/client.ts";
import { createNotebook, type FileDelivery, type FileSending, type Notebook, sendFile } from "./send-file.ts";

describe.each([
  ["8.3", true],
  ["6.5", false],
] as const)("a file on a server like %s", (profile, inSteps) => {
  let emulator: Emulator;
  let rest: AccountClient;
  let userId: string;
  let roomId: string;
  let notebook: Notebook;

  beforeAll(async () => {
    emulator = await startEmulator({ profile });
    emulator.control.addUser({ username: "ann" });
    userId = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] }).userId;
    rest = createRestClient({
      serverUrl: emulator.url,
      userId,
      pat: emulator.control.personalAccessToken("bot"),
      fetch: async (url, { follow: __, ...init }) => ({
        response: await fetch(url, init),
        release: async () => {},
      }),
      onUnauthorized: () => {},
    });
  });
  afterAll(() => emulator.close());
  beforeEach(() => {
    emulator.faults.clear();
    notebook = createNotebook();
    const name = `room${emulator.world.rooms.size}`;
    roomId = emulator.control.addRoom({ name, type: "p", members: ["ann", "bot"] });
  });

  const sending = (more: Partial<FileSending> = {}): FileSending => ({
    rest,
    ids: messageIds(),
    notebook,
    patience: new AbortController().signal,
    wait: async () => {},
    ...more,
  });
  const delivery = (more: Partial<FileDelivery> = {}): FileDelivery => ({
    id: "delivery",
    room: { id: roomId, type: "p" },
    userId,
    inSteps,
    name: 'a "plan" ü.txt'.replaceAll('"', "'"),
    read: async () => new Blob(["the plan\n"], { type: "text/plain" }),
    text: "here",
    threadId: undefined,
    ...more,
  });
  const posted = () => emulator.control.messages(roomId).filter(({ t }) => t === undefined);
  const fault = (what: RestFault) => emulator.faults.rest({ times: 1, ...what });
  /** The request with which the message comes to stand in the room. */
  const lastStep = inSteps ? "rooms.mediaConfirm" : "rooms.upload";
  /** Loses the connection with the first such request, which reaches the server when `arrive` is called. */
  const loseLastStep = () => {
    let late: (() => Promise<unknown>) | undefined;
    let isLost = false;
    type Ask<Body> = (path: string, body: Body) => Promise<JsonObject>;
    const losing =
      <Body>(ask: Ask<Body>): Ask<Body> =>
      async (path, body) => {
        if (isLost || !path.includes(lastStep)) return ask(path, body);
        isLost = true;
        late = () => ask(path, body);
        throw new NetworkError("The connection was lost");
      };
    const arrive = async () => {
      const once = late;
      late = undefined;
      await once?.();
    };
    return { rest: { ...rest, post: losing(rest.post), postForm: losing(rest.postForm) }, arrive };
  };

  it("arrives with its name, its words and its own bytes", async () => {
    const messageId = await sendFile(sending(), delivery());
    const [message] = posted();
    expect(posted()).toMatchObject([{ _id: messageId, msg: "here", file: { name: "a 'plan' ü.txt" } }]);
    const bytes = await rest.openFile(message?.file?._id ?? "", (response) => response.text());
    expect(bytes).toBe("the plan\n");
  });

  it("goes into the thread", async () => {
    const root = emulator.control.post({ as: "ann", rid: roomId, msg: "root" });
    await sendFile(sending(), delivery({ threadId: root._id }));
    expect(posted().at(-1)).toMatchObject({ tmid: root._id });
  });

  it("is posted once when the delivery is repeated by another process", async () => {
    const first = await sendFile(sending(), delivery());
    expect(await sendFile(sending(), delivery())).toBe(first);
    expect(posted()).toHaveLength(1);
  });

  it("is posted after a crash between its two steps, and read no second time where it is up", async () => {
    let reads = 0;
    const read = async () => {
      reads += 1;
      return new Blob(["x"], { type: "text/plain" });
    };
    const crash = async () => {
      throw new Error("killed");
    };
    await expect(
      sendFile(sending({ beforePosting: crash, patience: undefined }), delivery({ read })),
    ).rejects.toThrow("killed");
    expect(posted()).toHaveLength(0);
    await sendFile(sending(), delivery({ read }));
    expect(posted()).toHaveLength(1);
    expect(reads).toBe(1);
  });

  it.each<[string, RestFault]>([
    ["the answer is lost", { effect: true, lost: true }],
    ["a proxy answers in the server's place", { effect: true, status: 502, body: "<html>" }],
    ["the request is lost", { effect: false, lost: true }],
    ["the server is busy", { status: 503 }],
  ])("is posted once although %s at its last step", async (_, what) => {
    const beforePosting = async () => fault(what);
    let armed = false;
    await sendFile(
      sending({
        beforePosting: async () => {
          if (!armed) await beforePosting();
          armed = true;
        },
      }),
      delivery(),
    );
    expect(posted()).toHaveLength(1);
  });

  it("goes up again when the server has swept it away unconfirmed", async () => {
    if (!inSteps) return;
    const crash = async () => {
      throw new Error("killed");
    };
    await sendFile(sending({ beforePosting: crash, patience: undefined }), delivery()).catch(() => {});
    emulator.world.uploads.clear();
    await sendFile(sending(), delivery());
    expect(posted()).toHaveLength(1);
  });

  it("is not taken for the one before it of the same name, when its answer is lost", async () => {
    await sendFile(sending(), delivery({ id: "first", text: "" }));
    fault({ path: lastStep, status: 503 });
    await sendFile(sending(), delivery({ id: "second", text: "" }));
    expect(posted()).toHaveLength(2);
  });

  it.each<[string, Partial<FileDelivery>, () => Partial<FileSending>]>([
    ["that is kept", { id: "second" }, () => ({})],
    ["that nobody will repeat", {}, () => ({ notebook: createNotebook() })],
  ])("is not taken for that of another delivery %s, of the same name and words", async (_, other, more) => {
    await sendFile(sending(), delivery());
    fault({ path: lastStep, status: 503 });
    await sendFile(sending(more()), delivery(other));
    expect(posted()).toHaveLength(2);
  });

  it("is posted once though the server takes fifteen seconds over a request whose answer is lost", async () => {
    const { rest: losing, arrive } = loseLastStep();
    let waited = 0;
    const wait = async (ms: number) => {
      waited += ms;
      if (waited >= 15_000) await arrive();
    };
    const messageId = await sendFile(sending({ rest: losing, wait }), delivery());
    await arrive();
    expect(posted().map(({ _id }) => _id)).toEqual([messageId]);
  });

  it("is looked for no longer once the answer is stopped, and not at all where nobody waits", async () => {
    const stop = new AbortController();
    let waits = 0;
    const wait = async (_: number, signal: AbortSignal) => {
      waits += 1;
      stop.abort();
      signal.throwIfAborted();
    };
    for (const patience of [stop.signal, undefined]) {
      fault({ path: lastStep, effect: false, lost: true });
      await expect(sendFile(sending({ patience, wait }), delivery())).rejects.toThrow(NetworkError);
      expect(waits).toBe(1);
    }
  });

  it("is posted once though the server's clock, as a proxy tells it, is two minutes ahead", async () => {
    const ahead = { ...rest, serverNow: () => Date.now() + 2 * 60_000 };
    fault({ path: lastStep, effect: true, lost: true });
    await sendFile(sending({ rest: ahead }), delivery());
    expect(posted()).toHaveLength(1);
  });

  it("is posted when it was begun on 6.5 and goes on with a newer server", async () => {
    const crash = async () => {
      throw new Error("killed");
    };
    const old = delivery({ inSteps: false });
    await expect(sendFile(sending({ beforePosting: crash }), old)).rejects.toThrow("killed");
    const messageId = await sendFile(sending(), delivery());
    expect(await sendFile(sending(), delivery())).toBe(messageId);
    expect(posted()).toHaveLength(1);
  });

  it("is given up at once when whoever asked may send no more", async () => {
    let asked = 0;
    const beforePosting = async () => {
      asked += 1;
      throw new Error("no longer");
    };
    await expect(sendFile(sending({ beforePosting }), delivery())).rejects.toThrow("no longer");
    expect(asked).toBe(1);
    expect(posted()).toEqual([]);
  });

  it("is looked for at no length when its last step is refused with a code", async () => {
    const body = { success: false, errorType: "error-not-allowed" };
    fault({ path: lastStep, status: 400, body });
    const wait = async () => expect.unreachable("nothing is to be waited for");
    await expect(sendFile(sending({ wait }), delivery())).rejects.toMatchObject({
      cause: { serverCode: "error-not-allowed" },
    });
  });

  it.each<[string, RestFault]>([
    ["a sentence", { status: 400, body: { success: false, error: "some sentence" } }],
    ["a proxy's page", { status: 403, body: "<html>" }],
  ])("is not taken for refused, when it stands and the answer is %s", async (_, what) => {
    fault({ path: lastStep, effect: true, ...what });
    const id = await sendFile(sending(), delivery());
    expect(posted().map(({ _id }) => _id)).toEqual([id]);
  });

  it.each<[string, () => Partial<FileSending>]>([
    ["nobody waits for a look", () => ({ patience: undefined })],
    ["no look can be made", () => ({})],
  ])("is not called refused by a proxy's page when %s", async (_, more) => {
    fault({ path: lastStep, effect: true, status: 403, body: "<html>" });
    const stop = new AbortController();
    let waits = 0;
    const wait = async () => {
      waits += 1;
      if (waits === 1) emulator.faults.rest({ path: "groups.history", status: 503 });
      if (waits > 4) stop.abort();
      stop.signal.throwIfAborted();
    };
    const attempt = sendFile(sending({ patience: stop.signal, wait, ...more() }), delivery());
    await expect(attempt).rejects.toMatchObject({ code: "network" });
    emulator.faults.clear();
    const again = await sendFile(sending(), delivery());
    expect(posted().map(({ _id }) => _id)).toEqual([again]);
  });

  it("is refused at once where the server refuses it", async () => {
    emulator.control.setSetting("FileUpload_Enabled", false);
    await expect(sendFile(sending(), delivery())).rejects.toMatchObject({
      cause: { serverCode: "error-file-upload-disabled" },
    });
    emulator.control.setSetting("FileUpload_Enabled", true);
  });
});
