// Owns the table of the connection's states: which event leads from which to which.

export const STATES = [
  "stopped",
  "connecting",
  "negotiating",
  "authenticating",
  "subscribing",
  "online",
  "waiting",
  "blocked",
] as const;

export const TRANSITIONS = [
  "start",
  "opened",
  "negotiated",
  "loggedIn",
  "subscribed",
  "lost",
  "rejected",
  "due",
  "stop",
] as const;

export type State = (typeof STATES)[number];

/**
 * What moves the connection: `lost` is a closed or silent socket or an event that could not be stored, `rejected` needs
 * an operator, `due` is the end of a wait.
 */
export type Transition = (typeof TRANSITIONS)[number];

/** What OpenClaw shows of an account. */
export type Lifecycle = "stopped" | "starting" | "recovering" | "ready" | "blocked";

/** What is not listed is illegal: 72 pairs, 24 legal. */
const TABLE: Readonly<Record<State, Readonly<Partial<Record<Transition, State>>>>> = {
  stopped: { start: "connecting" },
  connecting: { opened: "negotiating", lost: "waiting", stop: "stopped" },
  negotiating: { negotiated: "authenticating", lost: "waiting", rejected: "blocked", stop: "stopped" },
  authenticating: { loggedIn: "subscribing", lost: "waiting", rejected: "blocked", stop: "stopped" },
  subscribing: { subscribed: "online", lost: "waiting", rejected: "blocked", stop: "stopped" },
  online: { lost: "waiting", rejected: "blocked", stop: "stopped" },
  waiting: { due: "connecting", stop: "stopped" },
  blocked: { due: "connecting", start: "connecting", stop: "stopped" },
};

/** The state after `transition`. Throws on an illegal pair, which is a defect of the caller. */
export function nextState(state: State, transition: Transition): State {
  const next = TABLE[state][transition];
  if (next === undefined) {
    throw new Error(`Illegal transition of the connection: ${transition} while ${state}`);
  }
  return next;
}

/** Whether `nextState` would accept the pair. */
export function isLegal(state: State, transition: Transition): boolean {
  return TABLE[state][transition] !== undefined;
}

/** `everOnline`: whether this connection was online before; it turns `starting` into `recovering`. */
export function lifecycleOf(state: State, everOnline: boolean): Lifecycle {
  switch (state) {
    case "stopped":
    case "blocked":
      return state;
    case "online":
      return "ready";
    case "waiting":
      return "recovering";
    default:
      return everOnline ? "recovering" : "starting";
  }
}
