// Owns files that OpenClaw has copied into a folder of its own to send them: they are read there while they go up.

import { type FileHandle, realpath } from "node:fs/promises";
import { basename, extname, isAbsolute, join } from "node:path";
import { createLazyRuntimeModule } from "openclaw/plugin-sdk/lazy-runtime";
import { resolveStateDir } from "openclaw/plugin-sdk/state-paths";
import type { Content } from "../../../rest/multipart.ts";

const loadSecurity = createLazyRuntimeModule(() => import("openclaw/plugin-sdk/security-runtime"));
const loadMedia = createLazyRuntimeModule(() => import("openclaw/plugin-sdk/media-runtime"));

/** OpenClaw judges the type by as much. Bytes. */
const HEAD_BYTES = 1024 * 1024;

/** Bytes that are read at a time. */
const PIECE_BYTES = 1024 * 1024;

/** From where OpenClaw lets a file be read. */
export interface Reach {
  readonly localRoots: readonly string[];
  /** OpenClaw has still to judge the content of the file, unless the file lies in its queue. */
  readonly judgesContent: boolean;
}

export interface StagedFile {
  readonly name: string;
  readonly content: Content;
  close(): Promise<void>;
}

/**
 * Opens a file that OpenClaw has copied to send it, and keeps it open: what is put in its place later is not read.
 * Undefined for any other source, and for what may not or cannot be opened: those are OpenClaw's to read or to refuse.
 */
export async function openStaged(source: string, reach: Reach): Promise<StagedFile | undefined> {
  if (!isAbsolute(source)) return undefined;
  const { getMediaDir, extractOriginalFilename } = await loadMedia();
  const queue = join(resolveStateDir(), "delivery-queue-media");
  const copies = join(getMediaDir(), "outbound");
  const file = await open(source, [reach.judgesContent ? [queue] : [queue, copies], reach.localRoots]);
  if (file === undefined) return undefined;
  try {
    const type = await judgeType(file.handle, source);
    const name = file.realPath.startsWith(await resolved(queue))
      ? basename(source)
      : extractOriginalFilename(source);
    const content = contentOf(file.handle, file.size, type);
    return { name: await withExtension(name, type), content, close: () => file.handle.close() };
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

/** Opens a plain file that lies in one folder of each group, wherever links lead. */
async function open(source: string, groups: readonly (readonly string[])[]) {
  const { openLocalFileSafely, isPathInside } = await loadSecurity();
  const opened = await openLocalFileSafely({ filePath: source }).catch(() => undefined);
  if (opened === undefined) return undefined;
  const { handle, realPath, stat } = opened;
  const real = await Promise.all(groups.map((folders) => Promise.all(folders.map(resolved))));
  const isInside = real.every((folders) => folders.some((folder) => isPathInside(folder, realPath)));
  if (isInside && stat.nlink === 1 && stat.size > 0) return { handle, realPath, size: stat.size };
  await handle.close();
  return undefined;
}

const resolved = (folder: string): Promise<string> => realpath(folder).catch(() => folder);

async function judgeType(handle: FileHandle, filePath: string): Promise<string | undefined> {
  const { detectMime } = await loadMedia();
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return detectMime({ buffer: buffer.subarray(0, bytesRead), filePath });
}

async function withExtension(name: string, type: string | undefined): Promise<string> {
  if (extname(name) !== "" || type === undefined) return name;
  const { extensionForMime } = await loadMedia();
  return `${name}${extensionForMime(type) ?? ""}`;
}

function contentOf(handle: FileHandle, size: number, type = ""): Content {
  const range = { start: 0, end: size - 1, highWaterMark: PIECE_BYTES, autoClose: false };
  return { size, type, stream: () => handle.createReadStream(range) };
}
