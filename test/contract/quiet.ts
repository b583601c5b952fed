// Owns the waiting for what a call sets off: until the recorded number of frames has come, or until it has been quiet for long.
import { textAt } from "./recording/json.ts";
import type { Recording, Step } from "./recording/recording.ts";

/** How patient a run is, in milliseconds. */
export interface Pace {
  /** So long without a frame means that nothing more will come, where no number of frames is known. */
  quietMs: number;
  /** The same while frames of the recording are still missing. */
  missingMs: number;
  /** The same once every frame of the recording has come. What comes later still counts, as a step too many in the next phase. */
  doneMs: number;
  /** Deadline of a REST call. */
  answerMs: number;
}

/** For a server on the same machine, whose frames follow at once. */
export const BRISK: Pace = { quietMs: 350, missingMs: 1000, doneMs: 25, answerMs: 5000 };
/** For any other. */
export const PATIENT: Pace = { quietMs: 500, missingMs: 1500, doneMs: 350, answerMs: 20_000 };

const LONGEST_MS = 4000;

/** Watches the steps of one run go by and tells when a phase is over. */
export class QuietWatch {
  private readonly pace: Pace;
  private readonly expected: Map<string, number>[];
  private seen = new Map<string, number>();
  private phase = 0;
  private lastMs = Date.now();
  private wake: (() => void) | undefined;

  constructor(pace: Pace, recording: Recording) {
    this.pace = pace;
    this.expected = countByPhase(recording.steps);
  }

  /** To be told of every step as it is recorded. */
  notice(step: Step): void {
    if (step.kind === "phase") {
      this.phase++;
      this.seen = new Map();
      return;
    }
    const socket = pushedOn(step);
    if (socket !== undefined) this.seen.set(socket, (this.seen.get(socket) ?? 0) + 1);
    this.lastMs = Date.now();
    this.wake?.();
  }

  /** Waits until all that was set off has come: `whole` = everything the recording has in this phase. */
  async settle(whole: boolean): Promise<void> {
    const begun = Date.now();
    this.lastMs = begun;
    while (Date.now() - begun < LONGEST_MS) {
      const left = this.lastMs + this.patience(whole) - Date.now();
      if (left <= 0) return;
      await this.nextStep(left);
    }
  }

  private patience(whole: boolean): number {
    const { quietMs, missingMs, doneMs } = this.pace;
    if (!whole) return quietMs;
    return this.hasAll() ? doneMs : missingMs;
  }

  private hasAll(): boolean {
    const expected = this.expected[this.phase] ?? new Map<string, number>();
    return [...expected].every(([socket, count]) => (this.seen.get(socket) ?? 0) >= count);
  }

  private nextStep(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The socket on which the server pushed something by itself; pings come when they like. */
function pushedOn(step: Step): string | undefined {
  if (step.kind === "frame" && step.dir === "in" && textAt(step.frame, "msg") !== "ping") return step.socket;
  return step.kind === "socket" && step.event === "close" && step.by === "server" ? step.socket : undefined;
}

function countByPhase(steps: Step[]): Map<string, number>[] {
  const phases = [new Map<string, number>()];
  for (const step of steps) {
    if (step.kind === "phase") phases.push(new Map());
    const socket = step.kind === "phase" ? undefined : pushedOn(step);
    const counts = phases.at(-1);
    if (socket !== undefined && counts) counts.set(socket, (counts.get(socket) ?? 0) + 1);
  }
  return phases;
}
