// Owns which parts of OpenClaw the built plugin asks for, and which of them some supported host lacks.

/** Parts of the plugin SDK that OpenClaw had in 2026.9.6 and no longer has from 2026.10.1 on. */
export const REMOVED_SUBPATHS = [
  "channel-lifecycle",
  "channel-message",
  "channel-reply-pipeline",
  "command-auth",
  "config-runtime",
  "discord",
  "infra-runtime",
  "telegram-account",
].map((name) => `./plugin-sdk/${name}`);

/** In built code, after `from`, `import` or `import(`; in a text that is no import it is found as well. */
const SPECIFIER = /["'`]openclaw(\/[\w./-]+)?["'`]/g;

/** What code asks OpenClaw for that some host does not export, as `file: ./subpath`, by the keys of the host's `exports`. */
export function findMissing(code: ReadonlyMap<string, string>, exported: ReadonlySet<string>): string[] {
  return [...code].flatMap(([file, text]) =>
    [...text.matchAll(SPECIFIER)]
      .map(([, path]) => `.${path ?? ""}`)
      .filter((subpath) => !exported.has(subpath) || REMOVED_SUBPATHS.includes(subpath))
      .map((subpath) => `${file}: ${subpath}`),
  );
}
