// Owns the demo itself: a real OpenClaw gateway with the packed plugin, and somebody to talk to.
import { playConversation } from "./conversation.ts";
import { type Gateway, installGateway } from "./gateway.ts";
import type { ConfigObject } from "./gateway-config.ts";
import type { WatchOptions } from "./network-watch.ts";
import { packPlugin } from "./pack.ts";
import { PluginFeed } from "./plugin-feed.ts";
import { resolveUsername, serverAccount } from "./real-server.ts";
import type { Sandbox } from "./sandbox.ts";
import { type ScriptedModelOptions, startScriptedModel } from "./scripted-model.ts";
import type { DemoOptions, ServerOptions } from "./terminal/options.ts";
import type { Screen } from "./terminal/screen.ts";
import { readTypedLine, type TypedLine } from "./terminal/typed-line.ts";
import { judgeConversation, NEXT_STEP } from "./terminal/verdicts.ts";
import { BOT, buildTown, listenToTown, type Town } from "./town.ts";

const EXIT_INTERRUPTED = 130;
/** What the plugin says when the account is up, or when it cannot come up as it is configured. */
const ACCOUNT_SETTLED = /\[default\] (connected|account .*)/;

type PostLine = Extract<TypedLine, { kind: "post" }>;

const TOWN_HELP = `Type
  dm TEXT        to write to the bot alone
  general TEXT   to write in #general; @${BOT} is answered
  thread TEXT    to write in the last thread of #general
  approve CODE   to let the person with that pairing code in (bob, when he writes to the bot)
  status         to see the channel's state
  quit           to leave, as Ctrl-C does
In brackets you tell the scripted model what to do: [say TEXT], [slow MILLISECONDS], [fail 503].`;

const SERVER_HELP = `Type
  approve CODE   to let the person with that pairing code in
  status         to see the channel's state
  quit           to leave, as Ctrl-C does`;

export interface DemoParts {
  readonly options: DemoOptions;
  /** For the tarball. */
  readonly sandbox: Sandbox;
  readonly screen: Screen;
  readonly watch: WatchOptions;
}

export class Demo {
  readonly #options: DemoOptions;
  readonly #sandbox: Sandbox;
  readonly #screen: Screen;
  readonly #watch: WatchOptions;
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #feed = new PluginFeed(BOT);
  #gateway: Gateway | undefined;
  /** Interrupting us before the end of the conversation is a failure, afterwards it is the way to leave. */
  codeWhenInterrupted = EXIT_INTERRUPTED;

  constructor({ options, sandbox, screen, watch }: DemoParts) {
    this.#options = options;
    this.#sandbox = sandbox;
    this.#screen = screen;
    this.#watch = watch;
  }

  run(): Promise<number> {
    return this.#options.server ? this.#runOnServer(this.#options.server) : this.#runInTown();
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop();
    for (const close of this.#closers) await close();
  }

  async #runInTown(): Promise<number> {
    const town = await this.#screen.step("starting the emulated Rocket.Chat", () => buildTown(this.#feed));
    this.#closers.push(() => town.emulator.close());
    this.#screen.print(`  ${town.emulator.pageUrl} is a page to chat on`);
    const gateway = await this.#startGateway(town.account, {});
    this.#screen.headline("The conversation");
    listenToTown(town, (said) => this.#screen.say(said, said.who === BOT ? "cyan" : undefined));
    const operate = <Result>(command: string, work: () => Promise<Result>) =>
      this.#screen.step(`$ ${command}`, work);
    const expectations = await playConversation({ town, gateway, operate });
    this.#screen.headline("What was expected");
    for (const { what, failure } of expectations) {
      this.#screen.verdict(failure === undefined, failure === undefined ? what : `${what}: ${failure}`);
    }
    const { held, text } = judgeConversation(expectations);
    this.#screen.verdict(held, text);
    const code = held ? 0 : 1;
    this.codeWhenInterrupted = code;
    if (this.#options.once) {
      this.#screen.print(NEXT_STEP);
      return code;
    }
    this.#screen.headline(`Your turn: open ${town.emulator.pageUrl} in a browser, or type here as alice`);
    this.#screen.print(TOWN_HELP);
    await this.#talk(gateway, { help: TOWN_HELP, post: postAsAlice(town) });
    return code;
  }

  async #runOnServer(server: ServerOptions): Promise<number> {
    const username = await this.#screen.step(`asking ${server.url.host} who the bot is`, () =>
      resolveUsername(server),
    );
    const gateway = await this.#startGateway(serverAccount(server, username), {
      directives: false,
      onRequest: ({ text }) =>
        this.#screen.say({ at: new Date(), where: "the model is asked", who: "", text }),
    });
    await this.#showStatus(gateway);
    this.codeWhenInterrupted = 0;
    if (this.#options.once) return 0;
    this.#screen.headline(`Write to @${username} on ${server.url.origin}; a first message gets a code`);
    this.#screen.print(SERVER_HELP);
    await this.#talk(gateway, { help: SERVER_HELP });
    return 0;
  }

  async #startGateway(account: ConfigObject, modelOptions: ScriptedModelOptions): Promise<Gateway> {
    const model = await startScriptedModel(modelOptions);
    this.#closers.push(() => model.close());
    const tarball = await this.#screen.step("building and packing the plugin", () =>
      packPlugin(this.#sandbox.folder, { onGroup: (group) => this.#sandbox.adopt(group) }),
    );
    const gateway = await this.#screen.step("installing it with openclaw plugins install", () =>
      installGateway({
        tarball,
        modelUrl: model.url,
        channels: { rocketchat: account },
        watch: this.#watch,
        onOutput: (text) => this.#feed.read(text),
      }),
    );
    this.#gateway = gateway;
    await this.#screen.step(
      "starting the OpenClaw gateway (half a minute; minutes on a busy machine)",
      async () => {
        await gateway.start();
        const line = await gateway.waitForOutput(ACCOUNT_SETTLED);
        if (!line.endsWith(" connected")) throw new Error(line);
      },
    );
    return gateway;
  }

  /** Follows what is typed until it ends. */
  async #talk(
    gateway: Gateway,
    { help, post }: { readonly help: string; readonly post?: (line: PostLine) => void },
  ): Promise<void> {
    const { promise: quit, resolve } = Promise.withResolvers<void>();
    const follow = async (line: TypedLine): Promise<void> => {
      if (line.kind === "nothing") return;
      if (line.kind === "quit") return resolve();
      if (line.kind === "status") return this.#showStatus(gateway);
      if (line.kind === "approve") return this.#approve(gateway, line.code);
      if (line.kind === "post" && post) return post(line);
      this.#screen.print(help);
    };
    this.#screen.readLines((line) => {
      follow(readTypedLine(line)).catch((error: unknown) => this.#screen.verdict(false, String(error)));
    }, resolve);
    const died = gateway.ended.then(() => {
      throw new Error(`The gateway ended by itself.\n${gateway.output.slice(-2000)}`);
    });
    await Promise.race([quit, died]);
  }

  async #showStatus(gateway: Gateway): Promise<void> {
    const command = ["channels", "status", "--probe"];
    const { stdout } = await this.#screen.step(`$ openclaw ${command.join(" ")}`, () => gateway.cli(command));
    this.#screen.print(
      stdout
        .split("\n")
        .filter((line) => line.startsWith("- "))
        .join("\n"),
    );
  }

  async #approve(gateway: Gateway, code: string): Promise<void> {
    const command = ["pairing", "approve", "rocketchat", code];
    await this.#screen.step(`$ openclaw ${command.join(" ")}`, () => gateway.mustRun(command));
  }
}

function postAsAlice({ emulator: { control }, rooms }: Town): (line: PostLine) => void {
  return ({ to, text }) => {
    const rid = to === "dm" ? rooms.dm : rooms.general;
    const tmid = control.messages(rid).findLast((message) => message.tmid !== undefined)?.tmid;
    control.post({ as: "alice", rid, msg: text, ...(to === "thread" && tmid ? { tmid } : {}) });
  };
}
