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

/** The account has sent something in a place that is not the answer of the preview there. */
export function noteBelow(accountId: string, place: PreviewPlace): void {
  for (const withdraw of standing.get(keyOf(accountId, place)) ?? []) void withdraw();
}
