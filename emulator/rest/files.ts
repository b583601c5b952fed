// Downloads and avatars, which live outside the API's path and log in by headers, cookie or query.
import type { Upload } from "../world/documents.ts";
import { userOfToken } from "../world/users.ts";
import type { World } from "../world.ts";
import type { RequestHead } from "./call/input.ts";
import { Reply } from "./call/route.ts";

/** A file for who may read its room: 404 without a body when there is none, 403 without a body for anybody else. */
export function download(world: World, request: RequestHead): Reply {
  const [, first = "", ...rest] = request.url.split("/");
  const old = first === "ufs";
  if (old && world.traits.methods === "9.0") return new Reply(404);
  const [id, name] = old ? rest.slice(1) : rest;
  const upload = name === undefined ? undefined : world.uploads.get(id ?? "");
  if (!upload) return new Reply(404);
  if (!mayRead(world, request, upload)) return new Reply(403);
  const encoded = encodeURIComponent(upload.name);
  const disposition = old ? `attachment; filename="${encoded}"` : `attachment; filename*=UTF-8''${encoded}`;
  const headers = { "content-type": upload.type, "content-disposition": disposition };
  return ranged(upload.bytes, request.header("range"), headers);
}

function mayRead(world: World, { header, query }: RequestHead, upload: Upload): boolean {
  const cookies = Object.fromEntries((header("cookie") ?? "").split(/;\s*/).map((pair) => pair.split("=")));
  const secret = header("x-auth-token") ?? query.rc_token ?? cookies.rc_token;
  const uid = header("x-user-id") ?? query.rc_uid ?? cookies.rc_uid;
  const found = secret === undefined ? undefined : userOfToken(world, secret);
  const room = world.rooms.get(upload.rid);
  return (
    found !== undefined && found.user._id === uid && room !== undefined && world.canAccess(room, found.user)
  );
}

function ranged(bytes: Uint8Array, range: string | undefined, headers: Record<string, string>): Reply {
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
  if (!match) return new Reply(200, bytes, headers);
  const start = Number(match[1]);
  const end = match[2] ? Number(match[2]) : bytes.length - 1;
  const part = { "content-range": `bytes ${start}-${end}/${bytes.length}` };
  return new Reply(206, bytes.slice(start, end + 1), { ...headers, ...part });
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
