// Owns taking away previews that nobody works on any more, when the account connects.

import { withdrawPreview } from "../../../outbound/streaming/preview.ts";
import type { AccountClient } from "../../../rest/client.ts";
import type { AccountScope } from "../scope.ts";
import { type KeptPreview, knownPreviews, type Previews } from "./preview-file.ts";

/**
 * Withdraws what a process that died has left, and what deliveries that were given up have. A preview that a queued
 * delivery has claimed is left to it. What cannot be asked about now is looked at when the account connects again.
 * Never rejects.
 */
export async function withdrawLeftovers(
  { ctx, log }: Pick<AccountScope, "ctx" | "log">,
  rest: AccountClient,
): Promise<void> {
  const file = knownPreviews();
  if (file === undefined) return;
  const errors: unknown[] = [];
  for (const preview of listLeft(file, ctx.accountId, errors))
    await withdrawLeft(file, rest, preview).catch((error: unknown) => void errors.push(error));
  if (errors.length > 0)
    log.warn("previews of an earlier run could not be withdrawn", { count: errors.length, error: errors[0] });
}

function listLeft(file: Previews, accountId: string, errors: unknown[]): KeptPreview[] {
  try {
    return file.listLeft(accountId);
  } catch (error) {
    errors.push(error);
    return [];
  }
}

/** Withdraws a preview, unless somebody has begun to work on it. Rejects when that cannot be done now. */
async function withdrawLeft(file: Previews, rest: AccountClient, preview: KeptPreview): Promise<void> {
  // A delivery may have made it its answer while others were withdrawn.
  if (!file.takeLeft(preview.id)) return;
  await withdrawPreview(rest, preview);
  file.forget(preview.id);
}
