// Owns the configuration and the environment of a gateway that stays offline, quiet and by itself.
import { join } from "node:path";
import { MODEL_IDS } from "./scripted-model.ts";

/** One key of an OpenClaw configuration, or the whole. */
export type ConfigObject = { readonly [key: string]: unknown };

export interface Isolation {
  /** The folder that everything the gateway writes lies in. */
  readonly folder: string;
  readonly port: number;
  /** What clients of this gateway must present. */
  readonly token: string;
  /** The base address of the model server. */
  readonly modelUrl: string;
}

export function configPath(folder: string): string {
  return join(folder, "openclaw.json");
}

export function stateFolder(folder: string): string {
  return join(folder, "state");
}

/** OpenClaw's locks and caches would otherwise outlive it in the machine's own temporary folder. */
export function temporaryFolder(folder: string): string {
  return join(folder, "tmp");
}

/**
 * A configuration without any reason to leave the machine: no update check, no telemetry, no discovery, no
 * model catalog but our own. Its log lies in the folder, where the default is shared by all gateways.
 */
export function isolatedConfig({ folder, port, token, modelUrl }: Isolation): ConfigObject {
  return {
    gateway: {
      mode: "local",
      port,
      bind: "loopback",
      auth: { mode: "token", token },
      controlUi: { enabled: false },
    },
    update: { checkOnStart: false, auto: { enabled: false } },
    telemetry: { enabled: false },
    discovery: { mdns: { mode: "off" } },
    models: {
      mode: "replace",
      catalogRefresh: { enabled: false },
      providers: {
        demo: {
          baseUrl: modelUrl,
          apiKey: "no-key-needed",
          api: "openai-completions",
          request: { allowPrivateNetwork: true },
          models: MODEL_IDS.map(modelEntry),
        },
      },
    },
    agents: {
      defaults: {
        model: { primary: `demo/${MODEL_IDS[0]}` },
        modelPolicy: { allow: MODEL_IDS.map((id) => `demo/${id}`) },
        workspace: join(folder, "workspace"),
        skipBootstrap: true,
        heartbeat: { every: "0m" },
      },
    },
    logging: { file: join(folder, "openclaw.log"), consoleLevel: "debug" },
  };
}

/** The variables that move OpenClaw into the folder and keep it from looking around. */
export function isolatedEnvironment({ folder, port }: Isolation): NodeJS.ProcessEnv {
  return {
    HOME: folder,
    TMPDIR: temporaryFolder(folder),
    OPENCLAW_HOME: folder,
    OPENCLAW_STATE_DIR: stateFolder(folder),
    OPENCLAW_CONFIG_PATH: configPath(folder),
    OPENCLAW_GATEWAY_PORT: String(port),
    OPENCLAW_NO_AUTO_UPDATE: "1",
    OPENCLAW_DISABLE_BONJOUR: "1",
    OPENCLAW_OFFLINE: "1",
    OPENCLAW_SKIP_CRON: "1",
    OPENCLAW_NO_RESPAWN: "1",
    DO_NOT_TRACK: "1",
    CI: "1",
    NO_COLOR: "1",
    npm_config_offline: "true",
  };
}

function modelEntry(id: string): ConfigObject {
  return {
    id,
    name: id,
    reasoning: false,
    input: ["text", "image"],
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    contextWindow: 128_000,
    maxTokens: 4096,
  };
}
