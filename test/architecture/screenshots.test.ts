import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { z } from "zod";
import { HASH_FILE, hashPage } from "../../scripts/screenshots.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { page, pictures } = z
  .object({ page: z.string(), pictures: z.array(z.string()).min(2) })
  .parse(JSON.parse(readFileSync(`${root}/${HASH_FILE}`, "utf8")));

it("the pictures in the docs show the page as it is; `npm run screenshots` takes them anew", async () => {
  expect(page).toBe(await hashPage());
  for (const picture of pictures) expect(existsSync(`${root}/${picture}`)).toBe(true);
});
