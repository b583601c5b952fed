// Owns the interactive setup as OpenClaw lists it; what talks to a server loads when somebody begins it.

import { createLazyRuntimeModule } from "openclaw/plugin-sdk/lazy-runtime";
import {
  addWildcardAllowFrom,
  type ChannelSetupDmPolicy,
  type ChannelSetupWizard,
  createStandardChannelSetupStatus,
  hasConfiguredSecretInput,
} from "openclaw/plugin-sdk/setup";
import { inspectAccount, isConfigured } from "../../config/account.ts";
import { judgeCredential } from "../../config/faults.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { patch, tell } from "./draft.ts";

const loadSteps = createLazyRuntimeModule(() => import("./steps.ts"));

export const setupWizard: ChannelSetupWizard = {
  channel: CHANNEL_ID,
  status: createStandardChannelSetupStatus({
    channelLabel: "Rocket.Chat",
    configuredLabel: "configured",
    unconfiguredLabel: "needs a server and a bot user",
    configuredHint: "configured",
    unconfiguredHint: "needs a server and a bot user",
    resolveConfigured: ({ cfg, accountId }) => isConfigured(inspectAccount(cfg, accountId)),
  }),
  introNote: {
    title: "Rocket.Chat",
    lines: [
      "You need a Rocket.Chat user of its own for this agent, with the roles `user` and `bot`.",
      "An administrator makes it under Administration > Workspace > Users > New.",
      "Then log in as that user once: My Account > Personal Access Tokens > Add, with",
      '"Ignore Two Factor Authentication" ticked. The dialog shows the token and the user id.',
      "Or let `openclaw rocketchat provision` do all of this with an administrator's login.",
    ],
  },
  stepOrder: "text-first",
  async prepare({ cfg, accountId, prompter }) {
    const { askServer } = await loadSteps();
    return { cfg: await askServer({ cfg, accountId, prompter }) };
  },
  textInputs: [
    {
      inputKey: "userId",
      message: "User id of the bot user",
      validate: ({ value }) => tell(judgeCredential(value)),
      currentValue: ({ cfg, accountId }) => inspectAccount(cfg, accountId).userId,
      applySet: ({ cfg, accountId, value }) => patch({ cfg, accountId }, { userId: value }),
    },
  ],
  credentials: [
    {
      inputKey: "pat",
      providerHint: CHANNEL_ID,
      credentialLabel: "personal access token",
      preferredEnvVar: "ROCKETCHAT_PAT",
      envPrompt: "ROCKETCHAT_PAT is set. Use it?",
      keepPrompt: "A personal access token is configured. Keep it?",
      inputPrompt: "Personal access token of the bot user",
      inspect: ({ cfg, accountId }) => {
        const account = inspectAccount(cfg, accountId);
        return {
          accountConfigured: isConfigured(account),
          hasConfiguredValue: hasConfiguredSecretInput(account.pat) || account.patStatus !== "missing",
          ...(account.pat !== "" && { resolvedValue: account.pat }),
        };
      },
      applySet: ({ cfg, accountId, value }) => patch({ cfg, accountId }, { pat: value }),
    },
  ],
  async finalize({ cfg, accountId, credentialValues, prompter }) {
    const { askRooms, checkToken, sayWhatIsNext } = await loadSteps();
    const checked = await checkToken({ cfg, accountId, prompter }, credentialValues.pat);
    if (checked.user === undefined) return { cfg: checked.cfg };
    const next = await askRooms({ cfg: checked.cfg, accountId, prompter }, checked.rooms);
    await sayWhatIsNext({ cfg: next, accountId, prompter }, checked.user);
    return { cfg: next };
  },
  dmPolicy: createDmPolicy(),
  disable: (cfg) => patch({ cfg, accountId: "default" }, { enabled: false }),
};

function createDmPolicy(): ChannelSetupDmPolicy {
  const root = `channels.${CHANNEL_ID}`;
  const scope = (accountId?: string): string =>
    accountId === undefined || accountId === "default" ? root : `${root}.accounts.${accountId}`;
  return {
    label: "Rocket.Chat",
    channel: CHANNEL_ID,
    policyKey: `${root}.dmPolicy`,
    allowFromKey: `${root}.allowFrom`,
    resolveConfigKeys: (_cfg, accountId) => ({
      policyKey: `${scope(accountId)}.dmPolicy`,
      allowFromKey: `${scope(accountId)}.allowFrom`,
    }),
    getCurrent: (cfg, accountId) => inspectAccount(cfg, accountId).dmPolicy,
    setPolicy: (cfg, dmPolicy, accountId = "default") => {
      const { allowFrom } = inspectAccount(cfg, accountId);
      const everyone = dmPolicy === "open" && { allowFrom: addWildcardAllowFrom([...allowFrom]) };
      return patch({ cfg, accountId }, { dmPolicy, ...everyone });
    },
  };
}
