import { expect, test } from "vitest";
import { decodeCredentials } from "./credentials.ts";

const person = { username: "alice", password: "open sesame", userId: "a", authToken: "t" };
const users = {
  labbot: { ...person, personalAccessToken: "p" },
  alice: person,
  bob: person,
  mallory: person,
};

test("credentials need no administrator and may say more than is asked for", () => {
  const text = JSON.stringify({
    url: "http://127.0.0.1:3000",
    users: { ...users, bob: { ...person, roles: ["user"] } },
  });
  expect(decodeCredentials(text)).toEqual({ users });
});

test.each([
  ["a missing user", { users: { ...users, mallory: undefined } }, /users\.mallory/],
  ["a bot without a personal access token", { users: { ...users, labbot: person } }, /personalAccessToken/],
  [
    "a password that is no text",
    { users: { ...users, bob: { ...person, password: 1 } } },
    /users\.bob\.password/,
  ],
])("%s is named", (_, value, named) => {
  expect(() => decodeCredentials(JSON.stringify(value))).toThrow(named);
});

test("an error shows nothing of the file", () => {
  for (const text of ["open sesame", JSON.stringify({ users: "open sesame" })]) {
    expect(() => decodeCredentials(text)).toThrow(/^(?!.*sesame)credentials: /s);
  }
});
