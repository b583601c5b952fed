import { basename } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What starts real OpenClaw processes, three at a time; the times are for what hangs. */
const GATEWAY = {
  testTimeout: 600_000,
  hookTimeout: 600_000,
  maxWorkers: 3,
  // A start of OpenClaw makes much that is soon garbage: with more room for it, it is collected less often.
  env: { NODE_OPTIONS: "--max-semi-space-size=64" },
};
/** What runs on the stand-in for newer hosts as well; `ALL_HOSTS=1 npm test -- gateway` runs all of it. */
const ON_BOTH_HOSTS = process.env.ALL_HOSTS
  ? ["first-light", "access", "restart", "commands"]
  : ["first-light"];

/** What takes longest, in rising order, begins first: it would run on alone at the end. The rest goes by size. */
const LONGEST = ["first-light", "chaos", "restart", "setup"].map((name) => `${name}.test.ts`);
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => LONGEST.lastIndexOf(basename(moduleId));
    return (await super.sort(files)).sort((one, other) => rank(other) - rank(one));
  }
}

/** One project a layer, so that each can run alone; `newer` repeats some of `gateway` on a stand-in for newer hosts. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "src/**/*.test.ts",
            "emulator/**/*.test.ts",
            "demo/**/*.test.ts",
            "test/architecture/**/*.test.ts",
            "test/access/**/*.test.ts",
            "test/support/**/*.test.ts",
          ],
          // Loading the modules anew for each file takes longer than the tests: the files share them.
          isolate: false,
          // For what hangs: a busy machine takes many times as long as an idle one.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "contract",
          maxWorkers: 3,
          include: ["test/contract/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/browser/chromium.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "gateway",
          include: ["test/gateway/**/*.test.ts"],
          globalSetup: ["test/gateway/pack-once.ts", "test/browser/chromium.ts"],
          ...GATEWAY,
        },
      },
      {
        test: {
          name: "package",
          include: ["test/package/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "newer",
          include: ON_BOTH_HOSTS.map((name) => `test/gateway/${name}.test.ts`),
          globalSetup: ["test/gateway/pack-once.ts", "test/gateway/newer-host.ts"],
          ...GATEWAY,
        },
      },
    ],
  },
});
