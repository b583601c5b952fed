#!/usr/bin/env bash
# @openclaw/ai 2026.9.6: which pieces of a streamed answer OpenClaw's chat completions client hands on, and when.
# Guessed: every piece as it comes, inside code as well; both kinds of fence alike.
# Seen: a block fenced with backticks is handed on in one piece when it is closed, one fenced with tildes line by line.
# After a backtick in a sentence nothing is handed on until its paragraph ends.
# A preview, or a terminal that shows an answer as it is written, stands still for as long as the model writes code.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --no-save --no-audit --no-fund --loglevel=error --ignore-scripts \
  @openclaw/ai@2026.9.6 >/dev/null
cat >probe.mjs <<'JS'
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createLlmRuntime } from "@openclaw/ai";
import { registerBuiltInApiProviders } from "@openclaw/ai/providers";
/** Prints what was seen and ends the script where it is no longer what was written down. */
function seen(what, actual, expected) {
  console.log(`${what} -> ${JSON.stringify(actual)}`);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  console.error(`CHANGED: ${what} was ${JSON.stringify(expected)}`);
  process.exit(1);
}
/** The pieces that come out of the client when a model writes these. */
async function stream(pieces) {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta, finish_reason = null) => {
      const choices = [{ index: 0, delta, finish_reason }];
      const chunk = { id: "1", object: "chat.completion.chunk", created: 1, model: "m", choices };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    };
    for (const content of pieces) send({ role: "assistant", content });
    send({}, "stop");
    response.end("data: [DONE]\n\n");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const runtime = createLlmRuntime();
  registerBuiltInApiProviders(runtime.registry);
  const model = {
    id: "m",
    name: "m",
    api: "openai-completions",
    provider: "local",
    baseUrl: `http://127.0.0.1:${server.address().port}/v1`,
    reasoning: false,
    input: ["text"],
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    contextWindow: 8192,
    maxTokens: 1024,
  };
  const messages = [{ role: "user", content: "hi", timestamp: 1 }];
  const out = [];
  for await (const event of runtime.stream(model, { messages }, { apiKey: "none" })) {
    if (event.type === "text_delta") out.push(event.delta);
  }
  server.close();
  return out;
}
const { version } = JSON.parse(readFileSync("node_modules/@openclaw/ai/package.json", "utf8"));
console.log("@openclaw/ai", version);
seen("plain lines", await stream(["a\n", "b\n", "c\n"]), ["a\n", "b\n", "c\n"]);
seen("tildes", await stream(["~~~\n", "a\n", "b\n", "~~~\n", "Done."]), ["~~~\n", "a\n", "b\n", "~~~\n", "Done."]);
seen("backticks", await stream(["```\n", "a\n", "b\n", "```\n", "\n", "Done."]), ["```\na\nb\n```", "\n\n", "Done."]);
seen(
  "one backtick",
  await stream(["Press the ` key. ", "Wait. ", "Then go on.\n", "\n", "The end."]),
  ["Press the ` key. Wait. Then go on.\n\n", "The end."],
);
JS
npx -y -p node@24.21.0 node probe.mjs
