// Owns the options of `npm start`.
import { parseArgs } from "node:util";

export const USAGE = `npm start                     plays a conversation on an emulated Rocket.Chat, then stays up
npm start -- --once           ends after the conversation; exit code 0 if every expected answer came
npm start -- --server URL --user-id ID
                              runs the agent on a real Rocket.Chat instead, as that bot user, whose personal
                              access token stands in the variable ROCKETCHAT_PAT
    --username NAME           the bot user's name; asked from the server, if not given
    --room ID                 a room the agent may answer in when it is mentioned; may be repeated
    --private-network         the server has a private address
    --insecure                http:// or a certificate that cannot be verified; for development only`;

export interface ServerOptions {
  readonly url: URL;
  readonly userId: string;
  readonly username: string | undefined;
  readonly pat: string;
  readonly rooms: readonly string[];
  readonly privateNetwork: boolean;
  readonly insecure: boolean;
}

export interface DemoOptions {
  readonly once: boolean;
  readonly help: boolean;
  /** The real server to run on; undefined is the emulator. */
  readonly server: ServerOptions | undefined;
}

/** A command line that cannot be followed; the message says why. */
export class UsageError extends Error {}

/** Reads the command line. Throws UsageError. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): DemoOptions {
  const values = parse(args);
  const { once, help } = values;
  if (values.pat !== undefined)
    throw new UsageError(
      "A token on the command line stands in the list of processes, and npm prints it: put it into the variable ROCKETCHAT_PAT.",
    );
  if (values.server === undefined) {
    const alone = (["user-id", "username", "room"] as const).find((name) => values[name] !== undefined);
    if (alone) throw new UsageError(`--${alone} needs --server URL.`);
    return { once, help, server: undefined };
  }
  const url = URL.parse(values.server);
  const pat = env.ROCKETCHAT_PAT;
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError("--server must be an https:// address.");
  if (url.protocol === "http:" && !values.insecure) {
    throw new UsageError(
      "--server must be https://, for the token is a password; --insecure allows http://.",
    );
  }
  if (values["user-id"] === undefined) throw new UsageError("--server needs --user-id ID of the bot user.");
  if (!pat)
    throw new UsageError(
      "--server needs the bot user's personal access token in the variable ROCKETCHAT_PAT.",
    );
  return {
    once,
    help,
    server: {
      url,
      pat,
      userId: values["user-id"],
      username: values.username,
      rooms: values.room ?? [],
      privateNetwork: values["private-network"],
      insecure: values.insecure,
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        once: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        server: { type: "string" },
        "user-id": { type: "string" },
        username: { type: "string" },
        pat: { type: "string" },
        room: { type: "string", multiple: true },
        "private-network": { type: "boolean", default: false },
        insecure: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
