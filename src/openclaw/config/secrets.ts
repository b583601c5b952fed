// Owns which configuration values are secrets that OpenClaw resolves and redacts.

import { createHash } from "node:crypto";
import { createSimpleChannelSecretContract } from "openclaw/plugin-sdk/channel-secret-basic-runtime";
import { isJsonObject } from "../../facts/json.ts";
import { CHANNEL_ID } from "./schema.ts";

export const secrets = createSimpleChannelSecretContract({
  channelKey: CHANNEL_ID,
  label: "Rocket.Chat",
  accountFields: ["pat"],
  channelFields: ["pat"],
  mode: "account-inheritance",
});

/** The forms in which a secret could be written down: as it is, encoded, or as the hashes that Rocket.Chat stores. */
export function secretForms(secret: string): string[] {
  if (secret === "") return [];
  const hash = createHash("sha256").update(secret).digest();
  return [
    secret,
    encodeURIComponent(secret),
    ...base64Forms(secret),
    hash.toString("hex"),
    hash.toString("base64"),
  ];
}

/** The part of the base64 text of a longer string that only depends on `secret`, for each of its three alignments. */
function base64Forms(secret: string): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.from(`${" ".repeat(offset)}${secret}`)
      .toString("base64")
      .replaceAll("=", "");
    const usable = Math.floor((8 * (offset + Buffer.byteLength(secret))) / 6);
    return text.slice(Math.ceil((8 * offset) / 6), usable);
  });
}

/** Where OpenClaw keeps the values that it takes out of logs and run records, shared by all its modules of a process. */
const HOST_REGISTRY = Symbol.for("openclaw.secretRedactionRegistry");

/**
 * Has OpenClaw itself redact a token, too. It does so for what a SecretRef resolves to; a token that stands in the
 * configuration as text it knows by the key's name alone, does not take `pat` for a secret, and would copy it with
 * the configuration into the record of every run. It offers no function for this, so its registry is used as it is in
 * OpenClaw 2026.9.6; should that change, nothing happens here, and the search that ends every gateway test finds it.
 */
export function redactInHost(secret: string): void {
  const registry: unknown = Reflect.get(globalThis, HOST_REGISTRY);
  if (!isJsonObject(registry) || !(registry.registeredValues instanceof Map) || secret === "") return;
  if (registry.registeredValues.has(secret)) return;
  registry.registeredValues.set(secret, true);
  Reflect.set(registry, "registeredValueRedactor", undefined);
  Reflect.set(registry, "registryRevision", Number(registry.registryRevision) + 1);
}
