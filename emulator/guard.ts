// Who may reach the controls and the page: programs and pages of this machine, and no page of another origin.
import type { MiddlewareHandler } from "hono";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Refuses with 403 what a page elsewhere can make a browser send: a call that names another host than this machine (a
 * name that was pointed here), a call of another origin, and a form or plain text, which a
 * browser sends without asking this server first. A program that sends no `Origin` and JSON passes.
 */
export const refuseStrangers: MiddlewareHandler = async (context, next) => {
  const { host, protocol, hostname } = new URL(context.req.url);
  const origin = context.req.header("origin");
  const json = context.req.header("content-type")?.split(";")[0]?.trim() === "application/json";
  if (!LOOPBACK.has(hostname)) return context.json({ error: "not this host" }, 403);
  if (origin !== undefined && origin !== `${protocol}//${host}`)
    return context.json({ error: "not from another origin" }, 403);
  if (context.req.method === "POST" && !json) return context.json({ error: "only application/json" }, 403);
  return next();
};
