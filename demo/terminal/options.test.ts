// Owns the tests of the options of `npm start`.
import { describe, expect, it } from "vitest";
import { readOptions, UsageError } from "./options.ts";

const SERVER = ["--server", "https://chat.example.test", "--user-id", "botId"];
const TOKEN = { ROCKETCHAT_PAT: "token" };

describe("the options of npm start", () => {
  it("stand for the emulator when no server is named", () => {
    expect(readOptions([], {})).toEqual({ once: false, help: false, server: undefined });
    expect(readOptions(["--once"], {})).toMatchObject({ once: true });
  });

  it("name a real server and its bot user", () => {
    const rooms = ["--room", "one", "--room", "two"];
    const { server } = readOptions([...SERVER, "--username", "bot", ...rooms, "--private-network"], TOKEN);
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
    expect(readOptions(SERVER, TOKEN).server?.pat).toBe("token");
    expect(() => readOptions([...SERVER, "--pat", "token"], TOKEN)).toThrow("ROCKETCHAT_PAT");
  });

  it("allow http:// only when told to", () => {
    const http = ["--server", "http://chat.example.test", ...SERVER.slice(2)];
    expect(() => readOptions(http, {})).toThrow("must be https://");
    expect(readOptions([...http, "--insecure"], TOKEN).server?.insecure).toBe(true);
  });

  it.each([
    [["--user-id", "botId"], "--user-id needs --server URL."],
    [["--pat", "token"], "stands in the list of processes"],
    [["--server", "chat.example.test"], "--server must be an https:// address."],
    [["--server", "ftp://chat.example.test"], "--server must be an https:// address."],
    [SERVER.slice(0, 2), "--server needs --user-id ID"],
    [SERVER, "in the variable ROCKETCHAT_PAT"],
    [["--twice"], "--twice"],
    [["again"], "again"],
  ])("%j is refused with what is wrong", (args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
    expect(() => readOptions(args, {})).toThrow(UsageError);
  });
});
