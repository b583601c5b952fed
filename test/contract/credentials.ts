// Owns the logins the contract suite works with: their form, and reading them from a file.
import { createHash } from "node:crypto";
import { z } from "zod";
import { parseJson } from "./recording/json.ts";

const person = z.object({
  username: z.string(),
  password: z.string(),
  userId: z.string(),
  authToken: z.string(),
  personalAccessToken: z.string().optional(),
});

/** The bot has a personal access token; the other three act with login tokens. Without an administrator some scenarios are skipped. */
const credentials = z.object({
  admin: person.optional(),
  users: z.object({
    labbot: person.extend({ personalAccessToken: z.string() }),
    alice: person,
    bob: person,
    mallory: person,
  }),
});

export type Person = z.infer<typeof person>;
export type Credentials = z.infer<typeof credentials>;

/** Reads the text of a credentials file; throws an error that names the wrong key and no value. */
export function decodeCredentials(text: string): Credentials {
  const value = parseJson(text);
  if (value === undefined) throw new Error("credentials: this is no JSON");
  const parsed = credentials.safeParse(value);
  if (!parsed.success) throw new Error(`credentials: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The second factor that Rocket.Chat asks for before it makes a token or a user: the password once more, as a digest. */
export function secondFactor(password: string): Record<string, string> {
  return { "x-2fa-method": "password", "x-2fa-code": sha256(password) };
}
