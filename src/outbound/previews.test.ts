import { describe, expect, it } from "vitest";
import { choosePreviews } from "./previews.ts";

const TEXT =
  "See https://a.example/page?x=1.png, [a picture](https://a.example/cat.PNG) and <https://b.example/v.mp4#t=1>.";
const PAGE = "https://a.example/page?x=1.png";
const FILES = ["https://a.example/cat.PNG", "https://b.example/v.mp4#t=1"];

describe("the links that may be shown with a preview", () => {
  it.each([
    [{ links: true, media: true }, "all"],
    [{ links: false, media: false }, []],
    [{ links: false, media: true }, FILES],
    [{ links: true, media: false }, [PAGE]],
  ] as const)("under %j are %j", (previews, expected) => {
    expect(choosePreviews(TEXT, previews)).toEqual(expected);
  });
});
