// Owns taking away previews that nobody works on any more, when the account connects.

import { withdrawPreview } from "../../../outbound/streaming/preview.ts";
import type { AccountClient } from "../../../rest/client.ts";
import type { AccountScope } from "../scope.ts";
import { previews } from "./preview-file.ts";

/**
 * Withdraws what a process that died has left, and what deliveries that were given up have. A preview that a queued
 * delivery has claimed is left to it. What cannot be asked about now is looked at when the account connects again.
 * Never rejects.
 */
export async function withdrawLeftovers(
  { ctx, log }: Pick<AccountScope, "ctx" | "log">,
  rest: AccountClient,
): Promise<void> {
  try {
    const file = previews();
    for (const preview of file.listLeft(ctx.accountId)) {
      await withdrawPreview(rest, preview);
      file.forget(preview.id);
    }
  } catch (error) {
    log.warn("previews of an earlier run could not be withdrawn", { error });
  }
}
