import { describe, expect, it } from "vitest";
import { RestError } from "../../errors.ts";
import { createLog } from "../../log.ts";
import { createNotices } from "./notices.ts";

function start() {
  const lines: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  const notices = createNotices(
    createLog({ info: keep, warn: keep, error: keep }, { prefix: "ops", secrets: [] }),
  );
  return { lines, notices };
}

const refusal = (serverCode: string | undefined) =>
  new RestError("refused", { status: 400, endpoint: "v1/chat.sendMessage", serverCode });

describe("what is told once", () => {
  it("is why a restricted workspace posts nothing", () => {
    const { lines, notices } = start();
    for (const code of ["restricted-workspace", "restricted-workspace", "error-not-allowed", undefined])
      notices.refused(refusal(code));
    expect(lines).toEqual([expect.stringMatching(/\bworkspace restricted .*Register it again/)]);
  });

  it("is, for each encrypted room, why it is not served", () => {
    const { lines, notices } = start();
    for (const room of ["a", "b", "a"]) notices.dropped("encrypted", room, () => `#${room}-room`);
    notices.dropped("own-message", "a");
    expect(lines).toEqual([
      expect.stringContaining("room=a in=#a-room"),
      expect.stringContaining("room=b in=#b-room"),
    ]);
  });

  it("is that somebody else writes as the bot user", () => {
    const { lines, notices } = start();
    notices.otherWriter();
    notices.otherWriter();
    expect(lines).toEqual([expect.stringContaining("second gateway")]);
  });
});
