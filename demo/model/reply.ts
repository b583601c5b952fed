// Owns what the scripted model answers, and the chunks that carry the answer.
import type { ModelRequest } from "./request.ts";

export interface ToolCall {
  readonly name: string;
  readonly args: object;
}

export interface ModelReply {
  /** The answer; without it the model repeats what the person wrote. */
  readonly text?: string;
  /** How many pieces the answer is streamed in; 1 if not given. */
  readonly pieces?: number;
  /** Milliseconds until the answer is complete, spread evenly over the pieces; 0 if not given. */
  readonly delayMs?: number;
  /** Nothing is answered until the script is released. */
  readonly hold?: boolean;
  /** After so many pieces nothing more comes until the script is released. */
  readonly holdAfter?: number;
  /** The model calls this tool first, once, and answers with `text` when it has the result. */
  readonly tool?: ToolCall;
  /** What it writes before it calls the tool, in pieces as its answer; nothing if not given. */
  readonly before?: string;
  /** The request fails with this HTTP status. */
  readonly status?: number;
}

const DIRECTIVE = /\[(?:say|slow|pieces|fail|tool) [^\]]*\]/g;

/**
 * The reply that a person asks for in brackets: `[say good morning]`, `[slow 2000]` (milliseconds),
 * `[pieces 5]`, `[fail 503]`, `[tool read {"path": "notes.md"}]`. Several may stand in one message.
 */
export function replyFromText(text: string): ModelReply {
  const argument = (name: string) => new RegExp(`\\[${name} ([^\\]]*)\\]`).exec(text)?.[1];
  const integer = (name: string) => (/^\d+$/.test(argument(name) ?? "") ? Number(argument(name)) : undefined);
  return {
    ...given("text", argument("say")),
    ...given("delayMs", integer("slow")),
    ...given("pieces", integer("pieces")),
    ...given("status", integer("fail")),
    ...given("tool", toolFrom(argument("tool"))),
  };
}

function given<Key extends keyof ModelReply>(key: Key, value: ModelReply[Key] | undefined): ModelReply {
  return value === undefined ? {} : { [key]: value };
}

function toolFrom(directive: string | undefined): ToolCall | undefined {
  const [, name, args] = /^(\w+)\s*(.*)$/s.exec(directive ?? "") ?? [];
  return name === undefined ? undefined : { name, args: parseArguments(args || "{}") };
}

function parseArguments(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** The words of the answer: scripted, or what the tool gave, or the person's own. */
export function answerText(request: ModelRequest, reply: ModelReply): string {
  if (reply.text !== undefined) return reply.text;
  const result = request.toolResults.at(-1);
  if (result !== undefined) return `The tool answered: ${result}`;
  return `You said: ${request.text.replaceAll(DIRECTIVE, "").trim()}`;
}

/** Cuts a text into at most `pieces` parts of equal length; the parts join back to the text. */
export function cutIntoPieces(text: string, pieces: number): string[] {
  const characters = [...text];
  const size = Math.max(1, Math.ceil(characters.length / Math.max(1, pieces)));
  const count = Math.max(1, Math.ceil(characters.length / size));
  return Array.from({ length: count }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(""),
  );
}

export interface Completion {
  readonly id: string;
  readonly model: string;
}

/** The one assistant message of an answer that is not streamed. */
export function completionBody({ id, model }: Completion, content: string | ToolCall): object {
  const message =
    typeof content === "string"
      ? { role: "assistant", content }
      : { role: "assistant", content: null, tool_calls: [toolCallPart(id, content)] };
  const choice = { index: 0, message, finish_reason: finishReason(content) };
  return { id, object: "chat.completion", created: 0, model, choices: [choice], usage: USAGE };
}

/** A `chat.completion.chunk` with one delta. */
export function deltaChunk({ id, model }: Completion, delta: object): object {
  return chunk(id, model, [{ index: 0, delta, finish_reason: null }]);
}

/** The delta that calls a tool. */
export function toolCallDelta({ id }: Completion, call: ToolCall): object {
  return { tool_calls: [{ index: 0, ...toolCallPart(id, call) }] };
}

/** The two chunks that close a stream: why it ended, and the usage that clients ask for. */
export function closingChunks({ id, model }: Completion, content: string | ToolCall): object[] {
  const end = chunk(id, model, [{ index: 0, delta: {}, finish_reason: finishReason(content) }]);
  return [end, { ...chunk(id, model, []), usage: USAGE }];
}

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

function chunk(id: string, model: string, choices: object[]) {
  return { id, object: "chat.completion.chunk", created: 0, model, choices };
}

function toolCallPart(id: string, { name, args }: ToolCall): object {
  return { id: `call_${id}`, type: "function", function: { name, arguments: JSON.stringify(args) } };
}

function finishReason(content: string | ToolCall): string {
  return typeof content === "string" ? "stop" : "tool_calls";
}
