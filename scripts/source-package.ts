// Owns the package.json of `dev`, from which OpenClaw loads the plugin's TypeScript in place of what is built.

import { z } from "zod";

const PackageSchema = z.object({
  name: z.string(),
  version: z.string(),
  type: z.string(),
  openclaw: z.looseObject({ runtimeExtensions: z.unknown(), runtimeSetupEntry: z.unknown() }),
});

/** The same channel without the built entries, which OpenClaw would take first. `published` is our package.json. */
export function buildSourcePackage(published: unknown) {
  const { name, version, type, openclaw } = PackageSchema.parse(published);
  const { runtimeExtensions: _, runtimeSetupEntry: __, ...sources } = openclaw;
  return { name: `${name}-dev`, version, private: true, type, openclaw: sources };
}
