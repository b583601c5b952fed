// Owns reading a chat-completions request: what the person wrote, and how far a tool call has come.
import { z } from "zod";

const contentSchema = z.union([
  z.string(),
  z.array(
    z.looseObject({
      text: z.string().optional(),
      image_url: z.looseObject({ url: z.string() }).optional(),
    }),
  ),
  z.null(),
]);

const messageSchema = z.looseObject({
  role: z.string(),
  content: contentSchema.optional(),
  tool_calls: z.array(z.unknown()).optional(),
});

const bodySchema = z.looseObject({
  model: z.string(),
  stream: z.boolean().default(false),
  messages: z.array(messageSchema),
});

type Message = z.infer<typeof messageSchema>;

/** How OpenClaw opens the user message that carries its own context data instead of a person's words. */
const CONTEXT_BLOCK = "<<<BEGIN_OPENCLAW_INTERNAL";
/** Decoration around the person's words: a time stamp and a fenced block in front, run facts behind. */
const TIME_STAMP = /^\[[^\]\n]*\d{4}-\d{2}-\d{2}[^\]\n]*\]\s*/;
const CONTEXT_FENCE = /^[^\n]*⟦openclaw:ctx⟧\n```json\n[\s\S]*?\n```\s*/;
const RUN_FACTS = /\n+Runtime: agent=[^\n]*\s*$/;

export interface ModelRequest {
  readonly model: string;
  readonly stream: boolean;
  /** What people wrote since the agent's last answer, without OpenClaw's decoration, one message a line. */
  readonly text: string;
  /** Every text of the request, for tests about what the agent gets to see (history, sender, room). */
  readonly prompt: string;
  /** The pictures of the request, as data URLs. */
  readonly pictures: readonly string[];
  /** The results of tools called since the agent's last answer; empty before the first call. */
  readonly toolResults: readonly string[];
}

/** Decodes a request body as OpenClaw 2026.9.6 sends it; throws a ZodError that names what is wrong. */
export function decodeModelRequest(body: unknown): ModelRequest {
  const { model, stream, messages } = bodySchema.parse(body);
  const turn = messages.slice(startOfTurn(messages));
  const spoken = turn.filter((message) => message.role === "user").map(textOf);
  return {
    model,
    stream,
    text: spoken
      .filter((text) => !text.startsWith(CONTEXT_BLOCK))
      .map(undecorate)
      .join("\n"),
    prompt: messages.map(textOf).join("\n\n"),
    pictures: messages.flatMap(picturesOf),
    toolResults: turn.filter((message) => message.role === "tool").map(textOf),
  };
}

/** The turn begins after the agent's last real answer; an assistant message that calls a tool is none. */
function startOfTurn(messages: readonly Message[]): number {
  return messages.findLastIndex((message) => message.role === "assistant" && !message.tool_calls?.length) + 1;
}

function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("");
}

function picturesOf({ content }: Message): string[] {
  return Array.isArray(content) ? content.flatMap((part) => part.image_url?.url ?? []) : [];
}

function undecorate(text: string): string {
  return text.replace(TIME_STAMP, "").replace(CONTEXT_FENCE, "").replace(RUN_FACTS, "").trim();
}
