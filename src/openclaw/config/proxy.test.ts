import fc from "fast-check";
import { resolveEnvHttpProxyUrl, shouldUseEnvHttpProxyForUrl } from "openclaw/plugin-sdk/infra-runtime";
import { describe, expect, it } from "vitest";
import { findProxy } from "./proxy.ts";

const CHAT = "https://chat.example.org";
const PROXY = "http://proxy.example.org:3128";

/** What OpenClaw 2026.9.6 decides. Newer versions do not export it; they are not what these tests run against. */
function ofOpenClaw(target: string, environment: NodeJS.ProcessEnv): string | undefined {
  const protocol = target.startsWith("https:") ? "https" : "http";
  return shouldUseEnvHttpProxyForUrl(target, environment)
    ? resolveEnvHttpProxyUrl(protocol, environment)
    : undefined;
}

describe("the proxy for a server", () => {
  it.each<[string, string, NodeJS.ProcessEnv, string | undefined]>([
    ["none where no variable is set", CHAT, {}, undefined],
    ["HTTPS_PROXY for https", CHAT, { HTTPS_PROXY: PROXY }, PROXY],
    ["HTTP_PROXY for https where there is no other", CHAT, { HTTP_PROXY: PROXY }, PROXY],
    ["not HTTPS_PROXY for http", "http://chat.example.org", { HTTPS_PROXY: PROXY }, undefined],
    ["not ALL_PROXY", CHAT, { ALL_PROXY: PROXY }, undefined],
    ["lower case before upper case", CHAT, { https_proxy: PROXY, HTTPS_PROXY: "http://other" }, PROXY],
    [
      "lower case before upper case, even when empty",
      CHAT,
      { https_proxy: "", HTTPS_PROXY: PROXY },
      undefined,
    ],
    ["in any spelling of the scheme", "HTTPS://chat.example.org", { HTTPS_PROXY: PROXY }, PROXY],
    [
      "not for a host in NO_PROXY",
      CHAT,
      { HTTPS_PROXY: PROXY, NO_PROXY: "a.test, chat.example.org" },
      undefined,
    ],
    ["not for what lies below it", CHAT, { HTTPS_PROXY: PROXY, NO_PROXY: "example.org" }, undefined],
    ["not at *", CHAT, { HTTPS_PROXY: PROXY, NO_PROXY: "*" }, undefined],
    ["* beside others names nothing", CHAT, { HTTPS_PROXY: PROXY, NO_PROXY: "*,a.test" }, PROXY],
    ["a port that differs", CHAT, { HTTPS_PROXY: PROXY, NO_PROXY: "example.org:8443" }, PROXY],
    ["the port of the scheme", CHAT, { HTTPS_PROXY: PROXY, NO_PROXY: "example.org:443" }, undefined],
    ["an IPv6 host", "https://[::1]:3000", { HTTPS_PROXY: PROXY, NO_PROXY: "[::1]:3000" }, undefined],
    ["a subnet", "https://10.1.2.3", { HTTPS_PROXY: PROXY, NO_PROXY: "10.0.0.0/8" }, undefined],
    ["a pattern", "https://10.1.2.3", { HTTPS_PROXY: PROXY, NO_PROXY: "10.1.*" }, undefined],
  ])("is taken: %s", (_, target, environment, proxy) => {
    expect(findProxy(target, environment)).toBe(proxy);
    expect(ofOpenClaw(target.replace("HTTPS:", "https:"), environment)).toBe(proxy);
  });

  it("is the one that OpenClaw 2026.9.6 takes, whatever the environment", () => {
    const value = fc.option(fc.constantFrom("", " ", PROXY, ` ${PROXY} `, "http://[::1]:8080"), {
      nil: undefined,
    });
    const host = fc.constantFrom(
      "chat.example.org",
      "example.org",
      "10.1.2.3",
      "10.1.2.4",
      "::1",
      "localhost",
    );
    const prefix = fc.constantFrom("", ".", "*.", "*");
    const suffix = fc.constantFrom("", ":443", ":80", ":3000", ".", "/8", "/33", ":x");
    const exception = fc.oneof(
      fc.tuple(prefix, host, suffix).map((parts) => parts.join("")),
      fc.constantFrom(
        "*",
        "10.*",
        "10.*.2.3",
        "10.1.*.4",
        "10.*.2",
        "[::1]",
        "[::1]:3000",
        "[::1",
        "10.0.0.0/8",
        "1.2.3.4.*",
        "",
      ),
    );
    const exceptions = fc.option(
      fc
        .array(
          fc.tuple(exception, fc.constantFrom(",", " ", ", ", "\t")).map((parts) => parts.join("")),
          { maxLength: 4 },
        )
        .map((parts) => parts.join("").replace(/[,\s]$/, "")),
      { nil: undefined },
    );
    const target = fc
      .tuple(
        fc.constantFrom("http", "https"),
        fc.constantFrom("chat.example.org", "example.org.", "10.1.2.3", "[::1]", "localhost"),
        fc.constantFrom("", ":443", ":3000"),
      )
      .map(([scheme, name, port]) => `${scheme}://${name}${port}`);
    const environment = fc.record({
      http_proxy: value,
      HTTP_PROXY: value,
      https_proxy: value,
      HTTPS_PROXY: value,
      ALL_PROXY: value,
      no_proxy: exceptions,
      NO_PROXY: exceptions,
    });
    fc.assert(
      fc.property(target, environment, (address, variables) => {
        expect(findProxy(address, variables)).toBe(ofOpenClaw(address, variables));
      }),
      { numRuns: 5000 },
    );
  });
});
