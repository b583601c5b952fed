// Owns telling a turn that something was sent below its preview.

import type { PreviewPlace } from "../../../outbound/streaming/preview.ts";

/** By account and place: what takes the preview away that stands there. */
const standing = new Map<string, Set<() => Promise<void>>>();

const keyOf = (accountId: string, { roomId, threadId }: PreviewPlace): string =>
  JSON.stringify([accountId, roomId, threadId]);

/** From now on `withdraw`, which never rejects, is told of what stands below; answers how to end that. */
export function watchBelow(
  accountId: string,
  place: PreviewPlace,
  withdraw: () => Promise<void>,
): () => void {
  const key = keyOf(accountId, place);
  const here = standing.get(key) ?? new Set();
  standing.set(key, here.add(withdraw));
  return () => {
    here.delete(withdraw);
    if (here.size === 0) standing.delete(key);
  };
}

/**
 * The account is about to post something in a place that is not the preview there made whole. Resolves when the preview
 * is gone, or after a moment; never rejects.
 */
export async function makeRoom(accountId: string, place: PreviewPlace): Promise<void> {
  await Promise.all(Array.from(standing.get(keyOf(accountId, place)) ?? [], (withdraw) => withdraw()));
}
