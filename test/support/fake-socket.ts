// Owns sockets whose far end is played by the test.
import type { OpenSocket, SocketHandlers } from "../../src/connection/driver.ts";
import type { RocketChatError } from "../../src/errors.ts";
import { settle } from "./fake-clock.ts";

type Frame = Record<string, unknown>;

export interface FakeSocket {
  readonly url: string;
  /** What the code under test sent, parsed, oldest first. */
  readonly sent: Frame[];
  terminated: boolean;
  open(): Promise<void>;
  /** Delivers frames, or raw text, as the server. */
  say(...frames: (Frame | string)[]): Promise<void>;
  close(error: RocketChatError): Promise<void>;
}

export interface FakeSockets {
  readonly openSocket: OpenSocket;
  /** Every socket asked for, oldest first. */
  readonly opened: FakeSocket[];
  readonly latest: FakeSocket;
}

export function createFakeSockets(): FakeSockets {
  const opened: FakeSocket[] = [];
  return {
    opened,
    get latest() {
      const socket = opened.at(-1);
      if (socket === undefined) {
        throw new Error("No socket was asked for");
      }
      return socket;
    },
    openSocket(url, handlers) {
      const socket = createFakeSocket(url, handlers);
      opened.push(socket);
      return {
        send: (text) => void socket.sent.push(JSON.parse(text)),
        terminate: () => {
          socket.terminated = true;
        },
      };
    },
  };
}

function createFakeSocket(url: string, handlers: SocketHandlers): FakeSocket {
  return {
    url,
    sent: [],
    terminated: false,
    open() {
      handlers.onOpen();
      return settle();
    },
    say(...frames) {
      for (const frame of frames) {
        handlers.onText(typeof frame === "string" ? frame : JSON.stringify(frame));
      }
      return settle();
    },
    close(error) {
      handlers.onClosed(error);
      return settle();
    },
  };
}
