// Owns the artifact that OpenClaw loads by its file name to find the channel's secrets.

import { secrets } from "./src/openclaw/config/secrets.ts";

export const { secretTargetRegistryEntries, collectRuntimeConfigAssignments } = secrets;
