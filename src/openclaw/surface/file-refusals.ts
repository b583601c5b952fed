// Owns how the reply of a turn goes on without files that are refused, over attempts and processes.

import { FileRefusedError } from "../../errors.ts";
import { tellPerson, turnOf } from "../account/files/outgoing-file.ts";
import { divisions } from "../account/memory/divisions.ts";
import type { SendRequest } from "./delivery.ts";

/** Under which names it is written down that a file was refused, and that a delivery is a turn's reply. */
export const refusedOf = (queued: string): string => `${queued} refused`;
export const replyOf = (queueId: string): string => `${queueId} reply`;

interface QueuedFile {
  /** Names the delivery of the file; undefined: nobody will repeat it. */
  readonly queued: string | undefined;
}

/** Goes on without the files of a turn's reply that are refused: its words are more important. Whatever else is sent ends. */
export interface Refusals {
  /** The sentence for the person about a file that an earlier attempt has met. */
  find(part: QueuedFile): string | undefined;
  /** The same for one that is refused now, which no later attempt tries again; rejects with the error if it is no refusal. */
  take(part: QueuedFile, error: unknown): Promise<string>;
}

/** Undefined for what is no turn's reply. OpenClaw says that to the first attempt alone, so it is written down. */
export async function openRefusals({
  deliveryQueueId,
  deps,
}: Pick<SendRequest, "deliveryQueueId" | "deps">): Promise<Refusals | undefined> {
  if (deliveryQueueId === undefined) return undefined;
  const turn = turnOf(deps);
  const key = replyOf(deliveryQueueId);
  if (turn === undefined && divisions().find(key) === undefined) return undefined;
  await divisions().once(key, async () => ["of a turn"]);
  const tell = turn?.refuse ?? tellPerson;
  return {
    find: ({ queued = "" }) => divisions().find(refusedOf(queued))?.[0],
    async take({ queued = "" }, error) {
      if (!(error instanceof FileRefusedError)) throw error;
      const [sentence = ""] = await divisions().once(refusedOf(queued), async () => [tell(error)]);
      return sentence;
    },
  };
}
