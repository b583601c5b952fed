import { MediaFetchError } from "openclaw/plugin-sdk/media-runtime";
import { expect, it } from "vitest";
import { judgeFetch } from "./outgoing-file.ts";

const http = (status: number) =>
  new MediaFetchError("http_error", "Failed to fetch media from https://x/limits.pdf: rate limit exceeded", {
    status,
  });

it.each([
  ["too-large", new MediaFetchError("max_bytes", "payload exceeds maxBytes 1")],
  ["passing", new MediaFetchError("fetch_failed", "socket hang up")],
  ["passing", new MediaFetchError("http_error", "terminated")],
  ["passing", http(429)],
  ["passing", http(503)],
  ["unreadable", http(404)],
  ["unreadable", http(403)],
  [
    "unreadable",
    new MediaFetchError("fetch_failed", "blocked", {
      cause: Object.assign(new Error("a private address"), { name: "SsrFBlockedError" }),
    }),
  ],
  ["unreadable", new Error("limit of something")],
])("takes for %s what OpenClaw says of an address: %o", (fault, error) => {
  expect(judgeFetch(error)).toBe(fault);
});
