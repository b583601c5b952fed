// Downloads and avatars, which live outside the API's path and log in by headers, cookie or query.
import { gzipSync } from "node:zlib";
import type { Upload } from "../world/documents.ts";
import { downloadName } from "../world/files/types.ts";
import { userOfToken } from "../world/users.ts";
import type { World } from "../world.ts";
import type { RequestHead } from "./call/input.ts";
import { Reply } from "./call/route.ts";

/** A file for the members of its room: 404 without a body when there is none, 403 without a body for anybody else. */
export function download(world: World, request: RequestHead): Reply {
  const [, first = "", ...rest] = request.url.split("/");
  const old = first === "ufs";
  if (old && world.traits.methods === "9.0") return new Reply(404);
  const [id, name] = old ? rest.slice(1) : rest;
  const upload = name === undefined ? undefined : world.uploads.get(id ?? "");
  if (!upload) return new Reply(404);
  if (!mayRead(world, request, upload)) return new Reply(403);
  const { type, bytes } = upload;
  if (request.query.replyWithRedirectUrl === "true" && world.traits.recentUploads && !old)
    return new Reply(200, { redirectUrl: false, name: upload.name, type, size: bytes.length });
  const headers = {
    "content-type": type,
    "content-disposition": disposition(world, request, { upload, old }),
    "content-security-policy": "default-src 'none'",
  };
  return ranged(bytes, request.header("range"), headers) ?? whole(bytes, request, headers);
}

function disposition(
  { traits }: World,
  { query }: RequestHead,
  { upload, old }: { upload: Upload; old: boolean },
): string {
  const encoded = encodeURIComponent(downloadName(upload));
  if (old) return `attachment; filename="${encoded}"`;
  const shown = query.contentDisposition === "inline" && !traits.legacy ? "inline" : "attachment";
  return `${shown}; filename*=UTF-8''${encoded}`;
}

interface Claim {
  uid: string | undefined;
  secret: string | undefined;
}

/** Who says he is: by the query, else by the cookie, else by the headers; one that is wrong is not made good by another. */
function claimOf({ header, query }: RequestHead): Claim {
  const cookies = Object.fromEntries((header("cookie") ?? "").split(/;\s*/).map((pair) => pair.split("=")));
  for (const { rc_uid: uid, rc_token: secret } of [query, cookies]) {
    if (uid !== undefined || secret !== undefined) return { uid, secret };
  }
  return { uid: header("x-user-id"), secret: header("x-auth-token") };
}

function mayRead(world: World, request: RequestHead, upload: Upload): boolean {
  if (world.setting("FileUpload_ProtectFiles") === false) return true;
  const { uid, secret } = claimOf(request);
  const found = secret === undefined ? undefined : userOfToken(world, secret);
  return found !== undefined && found.user._id === uid && world.membership(upload.rid, uid) !== undefined;
}

/** A part, where it is asked for by its first and last byte; undefined when the whole file is meant. */
function ranged(
  bytes: Uint8Array,
  range: string | undefined,
  headers: Record<string, string>,
): Reply | undefined {
  const match = /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
  if (!match) return undefined;
  const [start, end] = [Number(match[1]), Number(match[2])];
  if (start > end || end >= bytes.length) return new Reply(416);
  const part = { "content-range": `bytes ${start}-${end}/${bytes.length}` };
  return new Reply(206, bytes.slice(start, end + 1), { ...headers, ...part });
}

/** Compressed, and without a length, for whoever takes that. */
function whole(bytes: Uint8Array, { header }: RequestHead, headers: Record<string, string>): Reply {
  if (!/\bgzip\b/.test(header("accept-encoding") ?? "")) return new Reply(200, bytes, headers);
  const packed = new Blob([new Uint8Array(gzipSync(bytes))]).stream();
  return new Reply(200, packed, { ...headers, "content-encoding": "gzip" });
}

/** A letter on a gray square. */
export function avatar({ traits }: World, path: string): Reply {
  const letter = (path.split("/").at(-1) ?? "?").charAt(0).toUpperCase();
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200">
<rect width="100%" height="100%" fill="#6C727A"/>
<text x="50%" y="50%" dy="0.36em" text-anchor="middle" pointer-events="none" fill="#ffffff" font-family="'Helvetica', 'Arial', 'Lucida Grande', 'sans-serif'" font-size="125">
${letter}
</text>
</svg>`;
  const inline = traits.legacy ? { "content-disposition": "inline" } : {};
  return new Reply(200, svg, { "content-type": "image/svg+xml", ...inline });
}
