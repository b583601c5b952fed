// Owns the types of the part of OpenClaw that introduces an agent, which comes without any.

declare module "openclaw/plugin-sdk/channel-join-intro-runtime" {
  import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";

  /** `null`: not now, to be reported again. */
  interface RoomContext {
    readonly title?: string;
    readonly purpose?: string;
    readonly recentMessages?: readonly { readonly sender?: string; readonly text: string }[];
  }

  /** Has the agent introduce itself, once for each room. Never rejects; OpenClaw logs the outcome. */
  export function reportChannelRoomJoin(join: {
    readonly cfg: OpenClawConfig;
    readonly channel: string;
    readonly accountId: string;
    readonly conversationId: string;
    readonly deliverTo: string;
    readonly route: { readonly agentId: string; readonly sessionKey: string };
    readonly inviterLabel?: string;
    readonly roomAllowed: boolean;
    readonly resolveRoomContext: (query: { readonly messageLimit: number }) => Promise<RoomContext | null>;
  }): Promise<{ readonly kind: "posted" | "skipped" | "failed" }>;
}
