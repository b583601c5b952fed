import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stripMention } from "../facts/mention.ts";
import { readCommand } from "./parse.ts";

const read = (text: string) => {
  const command = readCommand(text, "labbot");
  return command && [command.kind, command.word, command.args];
};

describe("readCommand", () => {
  it.each([
    ["!status", ["status", "status", ""]],
    ["  !status  ", ["status", "status", ""]],
    ["\n!stop\n", ["stop", "stop", ""]],
    ["!model demo/scripted-two", ["model", "model", "demo/scripted-two"]],
    ["!model\tdemo/x", ["model", "model", "demo/x"]],
    ["!Stop", ["stop", "stop", ""]],
    ["!stop!", ["stop", "stop", ""]],
    ["!stop. now", ["stop", "stop", "now"]],
    ["!help?", ["help", "help", ""]],
    ["!deploy prod", ["other", "deploy", "prod"]],
    ["!new", ["other", "new", ""]],
    ["!stop-all", ["other", "stop-all", ""]],
    ["!status2", ["other", "status2", ""]],
    ["@labbot !stop", ["stop", "stop", ""]],
    ["@labbot: !stop", ["stop", "stop", ""]],
    ["@labbot:!stop", ["stop", "stop", ""]],
    ["@labbot!stop", ["stop", "stop", ""]],
    ["@other.bot @labbot !stop", ["stop", "stop", ""]],
    ["!status @labbot", ["status", "status", ""]],
    ["!@labbot,stop", ["stop", "stop", ""]],
    ["[ ](https://chat.example.org/channel/town?msg=m1) !stop", ["stop", "stop", ""]],
    ["[ ](https://chat.example.org/group/a?msg=m1)\n@labbot !stop", ["stop", "stop", ""]],
    ["[ ](https://a.example/1)[ ](https://a.example/2) !stop", ["stop", "stop", ""]],
    ["\u200b!stop", ["stop", "stop", ""]],
  ])("takes %j for a command", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    "!",
    "!!!",
    "!!stop",
    "! stop",
    "! ls -la",
    "!important?",
    "!1",
    "!Wow that is great",
    "!a/b",
    "/stop",
    "stop",
    "please !stop",
    "`!stop`",
    "> !stop",
    "[docs](https://example.org) !stop",
    "mail@labbot !stop",
    "",
  ])("takes %j for ordinary text", (text) => {
    expect(read(text)).toBeUndefined();
  });

  it("lets no text through that the agent would read as a command", () => {
    const piece = fc.constantFrom(
      "!",
      "stop",
      "!stop",
      "status",
      "word",
      " ",
      "@labbot",
      "@labbot,",
      "@x",
      "\n",
      "[ ](u)",
      ":",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const text = pieces.join("");
        if (readCommand(text, "labbot") === undefined)
          expect(stripMention(text, "labbot")).not.toMatch(/^\s*!(?:[a-z][\w-]*(?:\s|$)|stop\b|status\b)/);
      }),
    );
  });

  it("never throws, whatever a message or a name holds", () => {
    for (const name of ["a.b", "(", "[x", "\\", "*"])
      expect(() => readCommand(`@${name} !stop`, name)).not.toThrow();
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => void readCommand(`${text} !${text}`, "labbot")),
    );
  });
});
