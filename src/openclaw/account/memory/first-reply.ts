// Owns which turns have not replied yet: what the message tool posts under the question counts as the first reply.

/** Whether a turn has replied; shared with OpenClaw, which reads it. */
export interface HasReplied {
  value: boolean;
}

/** A question, as the thread that would begin under it. */
export interface QuestionPlace {
  readonly accountId: string;
  readonly roomId: string;
  readonly threadId: string;
}

const turns = new Map<string, HasReplied>();

/** Notes the turn of a question until the function that it answers with is called. */
export function awaitFirstReply(place: QuestionPlace, hasReplied: HasReplied): () => void {
  const key = keyOf(place);
  turns.set(key, hasReplied);
  return () => {
    if (turns.get(key) === hasReplied) turns.delete(key);
  };
}

/** Notes that something was posted under a message. */
export function notePosted(place: QuestionPlace): void {
  const hasReplied = turns.get(keyOf(place));
  if (hasReplied !== undefined) hasReplied.value = true;
}

const keyOf = ({ accountId, roomId, threadId }: QuestionPlace): string =>
  `${accountId} ${roomId} ${threadId}`;
