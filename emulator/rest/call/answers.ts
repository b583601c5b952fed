// Answers that are common to all endpoints: success, refusals, the unknown, and how they look in each version.
import { PlainError, ServerError } from "../../world/errors.ts";
import type { World } from "../../world.ts";
import { InvalidInput, type Outcome, Reply } from "./route.ts";

export function asReply(outcome: Outcome): Reply {
  return outcome instanceof Reply ? outcome : new Reply(200, { ...outcome, success: true });
}

export function toResponse({ status, body, headers }: Reply, more: Record<string, string> = {}): Response {
  if (body === undefined) return new Response(null, { status, headers: { ...headers, ...more } });
  if (typeof body === "string" || body instanceof ReadableStream)
    return new Response(body, { status, headers: { ...headers, ...more } });
  if (body instanceof Uint8Array) {
    return new Response(new Uint8Array(body), { status, headers: { ...headers, ...more } });
  }
  const all = { "content-type": "application/json", ...headers, ...more };
  return new Response(JSON.stringify(body), { status, headers: all });
}

export function notLoggedIn({ traits }: World): Reply {
  const message = "You must be logged in to do this.";
  if (traits.legacy) return new Reply(401, { status: "error", message });
  return new Reply(401, { success: false, error: message, status: "error", message });
}

/** Codes that 9.0 turns into a 403 `error-forbidden`. */
const WANT_OF_PERMISSION = new Set<string | number>([
  "error-not-allowed",
  "error-action-not-allowed",
  "not-authorized",
  "error-not-authorized",
  "no-permission",
]);

/** What an endpoint threw, as the client sees it. */
export function refusal({ traits }: World, error: unknown): Reply {
  if (error instanceof InvalidInput) {
    const { coercesBodies: always } = traits;
    const code = always ? "invalid-params" : error.code;
    const suffix = always || error.wording === "suffixed" ? ` [${code}]` : "";
    return new Reply(400, { success: false, errorType: code, error: `${error.reason}${suffix}` });
  }
  const code = error instanceof ServerError ? error.code : error instanceof Error ? error.message : "";
  if (traits.forbidden403 && WANT_OF_PERMISSION.has(code)) return forbidden();
  if (error instanceof PlainError) return new Reply(400, { success: false, error: error.message });
  if (!(error instanceof ServerError))
    return new Reply(500, { success: false, error: "Internal server error" });
  const details = error.details === undefined ? {} : { details: error.details };
  return new Reply(400, { success: false, error: error.message, errorType: error.code, ...details });
}

function forbidden(): Reply {
  return new Reply(403, {
    success: false,
    error: "User does not have the permissions required for this action [error-forbidden]",
    errorType: "error-forbidden",
  });
}

/** 6.5 answers a body that is no JSON with a page. */
export function badRequestPage(): Reply {
  const page = [
    "<!DOCTYPE html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    "<title>Error</title>",
    "</head>",
    "<body>",
    "<pre>Bad Request</pre>",
    "</body>",
    "</html>",
    "",
  ];
  return new Reply(400, page.join("\n"), HTML);
}

const HTML = { "content-type": "text/html; charset=utf-8" };

/** The length of the page of a web client, more or less. */
const PAGE_SIZE = 200_000;

/** The web client, which 6.5 serves for whatever it does not know. */
function webClient(): Reply {
  const script = "/scripts_887a5339b2625a8970658c4f5f9bd94f1067ab7a.js";
  const head = `<!DOCTYPE html>\n<html>\n<head>\n\n\n\n\n<script id="scripts" type="text/javascript" src="${script}"></script>\n`;
  const filler = `<meta name="referrer" content="origin-when-cross-origin">\n<!--${" ".repeat(PAGE_SIZE)}-->\n`;
  return new Reply(200, `${head}${filler}</head>\n<body></body>\n</html>\n`, HTML);
}

/** What is said to a call no endpoint takes. `known`: another verb of the same path would have been taken. */
export function unknownEndpoint({ traits }: World, method: string, known: boolean): Reply {
  if (!traits.legacy) {
    if (method === "OPTIONS") return new Reply(200, "OK", { "content-type": "text/plain;charset=UTF-8" });
    return new Reply(404, "404 Not Found", { "content-type": "text/plain; charset=UTF-8" });
  }
  if (method === "OPTIONS") return new Reply(200);
  if (known) return new Reply(405, { status: "error", message: "API endpoint does not exist" });
  return method === "GET" ? webClient() : new Reply(405);
}
