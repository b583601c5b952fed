// The HTTP side of the chat page: bundles it when it is first asked for, and offers what a demo adds to it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { characterOf } from "../world/emoji.ts";
import type { Feed, FeedEvent, Login } from "./offers.ts";

/** What whoever runs the emulator adds to the page; a page without it is a plain chat client. */
export interface PageOptions {
  /** Who can be logged in by one click. */
  people?: readonly Login[];
  /** What the plugin did; the page shows it beside the chat. */
  feed?: Feed;
}

/** The folder of what runs in the browser. */
export const CLIENT = join(import.meta.dirname, "client");

/** Scripts and styles only from here, no HTML out of text; connections also to the one server that is asked for. */
function policy(server: string | undefined): string {
  const url = server === undefined ? null : URL.parse(server);
  const other = url && /^https?:$/.test(url.protocol) ? ` ${url.origin} ws${url.origin.slice(4)}` : "";
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src blob:",
    `connect-src 'self'${other}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");
}

/** The page at `/`, its script, style and emoji; `people` and `feed` exist only when they are offered. */
export function webPage({ people, feed }: PageOptions): Hono {
  const app = new Hono();
  const offers = [...(people ? ["people"] : []), ...(feed ? ["feed"] : [])].join(" ");
  let script: Promise<string> | undefined;
  const file = (name: string) => readFileSync(join(CLIENT, name), "utf8");
  app.use(async (context, next) => {
    await next();
    context.header("x-content-type-options", "nosniff");
    context.header("referrer-policy", "no-referrer");
  });
  app.get("/", (context) => {
    context.header("content-security-policy", policy(context.req.query("server")));
    return context.html(
      file("page.html")
        .replace("{offers}", offers)
        .replace("{bot}", feed?.bot ?? ""),
    );
  });
  app.get("/page.css", (context) => send(context, "text/css", file("page.css")));
  app.get("/page.js", async (context) => {
    script ??= bundle();
    return send(context, "text/javascript", await script);
  });
  app.get("/emoji.json", (context) => context.json(characterOf));
  if (people) app.get("/people", (context) => context.json({ people }));
  if (feed) app.get("/feed", (context) => tell(context, feed));
  return app;
}

function send(context: Context, type: string, text: string): Response {
  return context.body(text, 200, { "content-type": `${type}; charset=utf-8` });
}

/** The client as one script. The bundler is a large module, so only those who open the page load it. */
export async function bundle(): Promise<string> {
  const { build } = await import("rolldown");
  const { output } = await build({
    input: join(CLIENT, "main.ts"),
    write: false,
    platform: "browser",
    output: { format: "esm", minify: true },
  });
  return output[0].code;
}

/** Sends the feed as server-sent events, the past first, until the reader goes. */
function tell(context: Context, feed: Feed): Response {
  return streamSSE(context, async (stream) => {
    const waiting: FeedEvent[] = [];
    let wake = () => {};
    const stop = feed.listen((event) => {
      waiting.push(event);
      wake();
    });
    stream.onAbort(() => {
      stop();
      wake();
    });
    while (!stream.aborted) {
      for (const event of waiting.splice(0)) await stream.writeSSE({ data: JSON.stringify(event) });
      if (waiting.length === 0 && !stream.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  });
}
