// Owns the form of a scenario and the playing of one: from a server's address to a recording.
import type { Recording } from "./recording/recording.ts";
import { Stage, type Target } from "./stage.ts";

export interface Scenario {
  name: string;
  about: string;
  /** Some of its calls are an administrator's. */
  needsAdmin?: boolean;
  /** The times of its frames count. */
  timed?: boolean;
  /** Takes a minute of waiting, so it plays beside the others. */
  aside?: boolean;
  /** Shows who is online, so it plays when no socket of another scenario is open, and a minute after the preparation. */
  alone?: boolean;
  play: (stage: Stage) => Promise<void>;
}

export interface Played {
  recording: Recording;
  /** Why the scenario broke off; what it had recorded till then is in the recording. */
  brokeOff?: string;
}

/** Plays one scenario. Throws only when a secret would stand in the recording. */
export async function playScenario(scenario: Scenario, target: Target, real: Recording): Promise<Played> {
  const stage = new Stage(target, real);
  let brokeOff: string | undefined;
  try {
    await scenario.play(stage);
  } catch (error) {
    brokeOff = error instanceof Error ? error.message : String(error);
  }
  const { name, about, timed = false } = scenario;
  const recording = { scenario: name, about, version: "", timed, steps: await stage.finish() };
  const leaks = stage.redactor.leaks(JSON.stringify(recording.steps));
  if (leaks.length > 0) throw new Error(`${name}: a secret is left in the recording: ${leaks.join(", ")}`);
  return { recording, ...(brokeOff !== undefined && { brokeOff }) };
}
