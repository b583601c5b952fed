// Owns what OpenClaw's native approvals ask of this channel: whether it asks, where, and in place of what.

import { createChannelApprovalCapability } from "openclaw/plugin-sdk/approval-delivery-runtime";
import { createLazyChannelApprovalNativeRuntimeAdapter } from "openclaw/plugin-sdk/approval-handler-adapter-runtime";
import { inspectAccount, listAccountIds } from "../../config/account.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { ASKED_KINDS, asksOperators, operatorTargets, shouldAsk } from "./policy.ts";

type Capability = Parameters<typeof createChannelApprovalCapability>[0];
type Native = NonNullable<Capability["native"]>;
type Request = Parameters<NonNullable<Native["resolveOriginTarget"]>>[0]["request"];
type Suppression = Parameters<
  NonNullable<NonNullable<Capability["delivery"]>["shouldSuppressForwardingFallback"]>
>[0];

const SURFACES = { dm: "approver-dm", channel: "origin", both: "both" } as const;

/** Where the agent was asked, if that was here. */
function originOf({ request: { turnSourceChannel, turnSourceTo, turnSourceThreadId } }: Request) {
  if (turnSourceChannel !== CHANNEL_ID || !turnSourceTo) return null;
  return { to: turnSourceTo, threadId: turnSourceThreadId ?? null };
}

/** Whether OpenClaw's own question in the conversation would come a second time. */
function isAskedAlready({ cfg, target, request }: Suppression): boolean {
  const accountId = target.accountId ?? request.request.turnSourceAccountId ?? null;
  return (
    target.channel === CHANNEL_ID &&
    request.request.turnSourceChannel === CHANNEL_ID &&
    shouldAsk({ cfg, accountId, request })
  );
}

const describeDelivery: Native["describeDeliveryCapabilities"] = ({ cfg, accountId = null, request }) => ({
  enabled: shouldAsk({ cfg, accountId, request }),
  preferredSurface: SURFACES[inspectAccount(cfg, accountId).execApprovals.target],
  supportsOriginSurface: true,
  supportsApproverDmSurface: true,
  notifyOriginWhenDmOnly: true,
});

/**
 * Who may decide is no matter of OpenClaw's `/approve`, which nobody can send here: `!approve` and reactions ask
 * whether it is an operator.
 */
export const approvalCapability = createChannelApprovalCapability({
  delivery: {
    hasConfiguredDmRoute: ({ cfg }) =>
      listAccountIds(cfg).some(
        (accountId) =>
          asksOperators({ cfg, accountId }) &&
          inspectAccount(cfg, accountId).execApprovals.target !== "channel",
      ),
    shouldSuppressForwardingFallback: isAskedAlready,
  },
  native: {
    describeDeliveryCapabilities: describeDelivery,
    resolveOriginTarget: ({ request }) => originOf(request),
    resolveApproverDmTargets: operatorTargets,
  },
  nativeRuntime: createLazyChannelApprovalNativeRuntimeAdapter({
    capabilityBoundary: true,
    eventKinds: ASKED_KINDS,
    isConfigured: ({ cfg, accountId = null }) => asksOperators({ cfg, accountId }),
    shouldHandle: ({ cfg, accountId = null, request }) => shouldAsk({ cfg, accountId, request }),
    load: async () => (await import("./questions.ts")).approvalQuestions,
  }),
});
