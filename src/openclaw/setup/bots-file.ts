// Owns the file of `openclaw rocketchat provision --file`: which agents get which bot users, how they look and where they are.

import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { parse, YAMLParseError } from "yaml";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import type { Picture } from "../../rest/administration.ts";
import type { WantedBot } from "./survey.ts";

const RoomsSchema = z.array(z.string().min(1)).default([]);

const FileSchema = z.strictObject({
  server: z.string().optional(),
  mailDomain: z.string().optional(),
  rooms: RoomsSchema,
  bots: z
    .array(
      z.strictObject({
        agent: z.string().min(1),
        username: z.string().min(1).optional(),
        name: z.string().min(1).optional(),
        status: z.string().max(120).optional(),
        avatar: z.string().min(1).optional(),
        rooms: RoomsSchema,
      }),
    )
    .min(1),
});

export interface WantedBots {
  readonly serverUrl: string | undefined;
  readonly mailDomain: string | undefined;
  readonly bots: readonly WantedBot[];
}

/** The types of pictures that Rocket.Chat shows, by the end of a file's name. */
const PICTURES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
};

/** Rocket.Chat makes a small square of it. Bytes. */
const MAX_PICTURE_BYTES = 5 * 1024 * 1024;

/** Reads the file and the pictures that it names. Throws ConfigError that says which part of it is wrong. */
export function readBotsFile(path: string): WantedBots {
  const refuse = (what: string, cause?: unknown): ConfigError =>
    new ConfigError(`${path}: ${what}`, { path: "--file", cause });
  const text = readOr(path, (cause) => refuse("the file cannot be read", cause));
  const { data, error } = FileSchema.safeParse(parseYaml(text.toString(), refuse));
  if (error !== undefined) throw refuse(z.prettifyError(error));
  const bots = data.bots.map(({ agent, username, name, status: statusText, avatar, rooms }) => ({
    agentId: agent,
    username: username?.replace(/^@/, ""),
    profile: {
      name,
      statusText,
      avatar: avatar === undefined ? undefined : readPicture(resolve(dirname(path), avatar), refuse),
    },
    rooms: [...data.rooms, ...rooms],
  }));
  return { serverUrl: data.server, mailDomain: data.mailDomain, bots };
}

function parseYaml(text: string, refuse: (what: string, cause: unknown) => ConfigError): unknown {
  try {
    return parse(text);
  } catch (error) {
    // A name for something that is repeated too often is a ReferenceError.
    if (error instanceof YAMLParseError || error instanceof ReferenceError)
      throw refuse(`this is no YAML: ${error.message.split("\n", 1)[0]}`, error);
    throw error;
  }
}

function readPicture(path: string, refuse: (what: string, cause?: unknown) => ConfigError): Picture {
  const type = PICTURES[path.split(".").at(-1)?.toLowerCase() ?? ""];
  const known = Object.keys(PICTURES).join(", ");
  if (type === undefined) throw refuse(`${path} is no picture: its name must end in one of ${known}`);
  const bytes = readOr(path, (cause) => refuse(`the picture ${path} cannot be read`, cause));
  if (bytes.length > MAX_PICTURE_BYTES) throw refuse(`the picture ${path} is larger than 5 MB`);
  return { name: basename(path).replaceAll(/["\r\n]/g, "_"), bytes: new Blob([bytes], { type }) };
}

function readOr(path: string, refuse: (cause: unknown) => ConfigError) {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw refuse(cause);
  }
}
