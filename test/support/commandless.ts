// Owns the part of a turn at the host that tests without commands never reach.

import type { HostTurn } from "../../src/turn/host.ts";

const unasked = (): Promise<never> => Promise.reject(new Error("No command was given"));

export const commandless: Pick<
  HostTurn,
  | "conversation"
  | "authorizeCommand"
  | "runOwnCommand"
  | "atWork"
  | "transcribe"
  | "takeRefusal"
  | "resolveApproval"
  | "stop"
  | "introduce"
  | "findApproval"
  | "describe"
  | "listModels"
  | "selectModel"
> = {
  conversation: "conversation",
  authorizeCommand: unasked,
  runOwnCommand: unasked,
  atWork: (work) => work,
  transcribe: async () => undefined,
  takeRefusal: async () => false,
  resolveApproval: unasked,
  stop: unasked,
  introduce: unasked,
  findApproval: async () => undefined,
  describe: unasked,
  listModels: unasked,
  selectModel: unasked,
};
