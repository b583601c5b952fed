// The program behind `npm start`: reads the options, watches the network, cleans up whatever ends it.
import { join } from "node:path";
import { Demo } from "./demo.ts";
import { readWatchReport, type WatchOptions, watchFromHereOn } from "./network-watch.ts";
import { serverHosts } from "./real-server.ts";
import { closeSandboxes, openSandbox } from "./sandbox.ts";
import { type DemoOptions, readOptions, USAGE, UsageError } from "./terminal/options.ts";
import { Screen } from "./terminal/screen.ts";
import { judgeNetwork } from "./terminal/verdicts.ts";

const screen = new Screen();

/** Resolves on Ctrl-C or when somebody ends us; asked for once, so that a second one cannot cut the clean-up. */
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolve());
});

// What an interrupted run still waits for must not keep us here.
process.exit(await main());

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    return await runAndCleanUp(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}

async function runAndCleanUp(options: DemoOptions): Promise<number> {
  const sandbox = await openSandbox("demo");
  const allow = options.server ? await serverHosts(options.server) : [];
  const watch = { file: join(sandbox.folder, "network.jsonl"), allow };
  await watchFromHereOn(watch);
  const demo = new Demo({ options, sandbox, screen, watch });
  try {
    const ended = [demo.run(), interrupted.then(() => demo.codeWhenInterrupted)];
    const code = await Promise.race(ended).catch((error: unknown) => {
      screen.verdict(false, error instanceof Error ? error.message : String(error));
      return 1;
    });
    screen.close();
    const quiet = await reportNetwork(watch);
    return quiet ? code : Math.max(code, 1);
  } finally {
    await demo.stop();
    await closeSandboxes();
  }
}

/** Says who tried to leave; answers whether nobody did but those who are known to. */
async function reportNetwork({ file, allow }: Required<WatchOptions>): Promise<boolean> {
  const { held, text } = judgeNetwork(await readWatchReport(file), allow);
  screen.verdict(held, text);
  return held;
}
