import { expect, it } from "vitest";
import { nextStep } from "./steps.ts";

const words = (units: number): string => "word ".repeat(units / 5);

it("grows up to the last break that is far enough", () => {
  const text = `${words(300)}\n\n${words(100)}`;
  expect(nextStep(text, 0)).toBe(302);
  expect(nextStep(text, 302)).toBe(302);
  expect(nextStep(`${words(50)}\n\n${words(100)}`, 0)).toBe(0);
});

it("grows without a break when there is much", () => {
  expect(nextStep(words(800), 0)).toBe(800);
  expect(nextStep(words(400), 0, { minChars: 10, maxChars: 400 })).toBe(400);
});

it("takes the break that is wanted", () => {
  const text = "One sentence. Another one.\nA line";
  expect(nextStep(text, 0, { minChars: 5, breakPreference: "sentence" })).toBe(27);
  expect(nextStep(text, 0, { minChars: 5, breakPreference: "newline" })).toBe(27);
  expect(nextStep(text, 0, { minChars: 5 })).toBe(0);
});
