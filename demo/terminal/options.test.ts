// Owns the tests of the options of `npm start`.
import { describe, expect, it } from "vitest";
import { readOptions, UsageError } from "./options.ts";

const SERVER = ["--server", "https://chat.example.test", "--user-id", "botId", "--pat", "token"];

describe("the options of npm start", () => {
  it("stand for the emulator when no server is named", () => {
    expect(readOptions([], {})).toEqual({ once: false, help: false, server: undefined });
    expect(readOptions(["--once"], {})).toMatchObject({ once: true });
  });

  it("name a real server and its bot user", () => {
    const rooms = ["--room", "one", "--room", "two"];
    const { server } = readOptions([...SERVER, "--username", "bot", ...rooms, "--private-network"], {});
    expect(server).toEqual({
      url: new URL("https://chat.example.test"),
      userId: "botId",
      username: "bot",
      pat: "token",
      rooms: ["one", "two"],
      privateNetwork: true,
      insecure: false,
    });
  });

  it("take the token from the environment", () => {
    expect(readOptions(SERVER.slice(0, 4), { ROCKETCHAT_PAT: "token" }).server?.pat).toBe("token");
  });

  it("allow http:// only when told to", () => {
    const http = ["--server", "http://chat.example.test", ...SERVER.slice(2)];
    expect(() => readOptions(http, {})).toThrow("must be https://");
    expect(readOptions([...http, "--insecure"], {}).server?.insecure).toBe(true);
  });

  it.each([
    [["--user-id", "botId"], "--user-id needs --server URL."],
    [["--pat", "token"], "--pat needs --server URL."],
    [["--server", "chat.example.test"], "--server must be an https:// address."],
    [["--server", "ftp://chat.example.test"], "--server must be an https:// address."],
    [SERVER.slice(0, 2), "--server needs --user-id ID"],
    [SERVER.slice(0, 4), "--server needs --pat TOKEN"],
    [["--twice"], "--twice"],
    [["again"], "again"],
  ])("%j is refused with what is wrong", (args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
    expect(() => readOptions(args, {})).toThrow(UsageError);
  });
});
