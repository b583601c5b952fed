// Owns what the demo says at its end: how the conversation went, whether anything left this machine, what comes next.
import type { Expectation } from "../conversation.ts";
import type { WatchReport } from "../network-watch.ts";

export interface Verdict {
  readonly held: boolean;
  readonly text: string;
}

export const NEXT_STEP =
  "Next: `npm start` stays up so that you can write to the agent; README.md says how to use it with your own server.";

/**
 * OpenClaw 2026.9.6 asks for its hosted plugin catalog after every start. The address is fixed: no setting and
 * no variable turns it off, so the watch does.
 */
const KNOWN_ATTEMPTS: readonly string[] = ["lookup clawhub.ai"];

/** One line for the whole conversation. */
export function judgeConversation(expectations: readonly Expectation[]): Verdict {
  const kept = expectations.filter(({ failure }) => failure === undefined).length;
  const all = expectations.length;
  const held = kept === all;
  return { held, text: `${kept} of ${all} as expected${held ? "" : "; what failed is marked above"}` };
}

/** Who tried to leave; it holds when nobody did but OpenClaw for its catalog. `allow` are hosts that may be reached. */
export function judgeNetwork({ processes, refusals }: WatchReport, allow: readonly string[]): Verdict {
  const where = allow.length > 0 ? `loopback and ${allow.join(", ")}` : "loopback";
  const lines = refusals.map(({ attempt, program }) =>
    KNOWN_ATTEMPTS.includes(attempt)
      ? `  (${program} wanted to read OpenClaw's plugin catalog; it was kept from it: ${attempt})`
      : `  not expected, and stopped: ${attempt} by ${program}`,
  );
  return {
    held: refusals.every(({ attempt }) => KNOWN_ATTEMPTS.includes(attempt)),
    text: [
      `Nothing left this machine: 0 connections outside ${where} (${processes} processes watched)`,
      ...new Set(lines),
    ].join("\n"),
  };
}
