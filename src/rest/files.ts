// Owns the endpoint that tells which files a room holds.

import { type JsonObject, readNumber, readObjects, readText } from "../facts/json.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { CallOptions, RestClient } from "./client.ts";

/** A file as the server keeps it: what a message says of it may be invented. */
export interface RoomFile {
  readonly id: string;
  readonly name: string;
  /** Its MIME type, judged by the server from name and content. */
  readonly type: string | undefined;
  /** Bytes. */
  readonly size: number | undefined;
}

/** A page of the server's; `API_Upper_Count_Limit` may cut it. */
const PAGE = "100";

/** A file that is not among the newest so many of its room is taken for none of the room's. */
const MAX_LISTED = 1000;

const FAMILY = { c: "channels", p: "groups", d: "im" } as const;

/**
 * `GET /api/v1/{channels,groups,im}.files`, the newest first: those of the asked files that lie in this room, by id.
 * The server lists them to members alone, thumbnails left out (recordings `upload-audio`, `upload-confirm-twice`).
 */
export async function findRoomFiles(
  rest: RestClient,
  room: Pick<RoomFacts, "id" | "type">,
  ids: readonly string[],
  options: CallOptions = {},
): Promise<ReadonlyMap<string, RoomFile>> {
  const wanted = new Set(ids);
  const found = new Map<string, RoomFile>();
  for (let offset = 0; offset < MAX_LISTED && found.size < wanted.size; ) {
    const { files, total } = await fetchRoomFiles(rest, room, offset, options);
    for (const file of files.flatMap((raw) => decodeRoomFile(raw, room.id)))
      if (wanted.has(file.id)) found.set(file.id, file);
    offset += files.length;
    if (files.length === 0 || (total !== undefined && offset >= total)) break;
  }
  return found;
}

async function fetchRoomFiles(
  rest: RestClient,
  room: Pick<RoomFacts, "id" | "type">,
  offset: number,
  options: CallOptions,
): Promise<{ readonly files: readonly JsonObject[]; readonly total: number | undefined }> {
  const query = {
    roomId: room.id,
    sort: JSON.stringify({ uploadedAt: -1 }),
    count: PAGE,
    offset: String(offset),
  };
  const answer = await rest.get(`v1/${FAMILY[room.type]}.files`, query, options);
  return { files: readObjects(answer, "files"), total: readNumber(answer, "total") };
}

function decodeRoomFile(raw: JsonObject, roomId: string): readonly RoomFile[] {
  const [id, name] = [readText(raw, "_id"), readText(raw, "name")];
  if (id === undefined || readText(raw, "rid") !== roomId) return [];
  return [{ id, name: name ?? id, type: readText(raw, "type"), size: readNumber(raw, "size") }];
}
