// Owns the text of docs/PARITY.md, made of the table of what Slack's channel does.

import { PARITY, type Part, type Proof, type Standing } from "./parity-table.ts";
import { formatTable } from "./table.ts";

const INTRODUCTION = `# Beside OpenClaw's Slack channel

<!-- Written by \`npm run manifest\`, from scripts/parity-table.ts. -->

Each row names something that OpenClaw's Slack channel (2026.9.6) offers. Beside it stands what holds here: a link alone means
the same; else it is different, with the reason, or not possible on Rocket.Chat. A link is the title of the test that fails when the
row is no longer true; \`%s\` stands for a value. \`test/architecture/parity.test.ts\` checks that each test is there.`;

/** The whole page. */
export function buildParityPage(): string {
  return `${[INTRODUCTION, ...PARITY.map(describePart)].join("\n\n")}\n`;
}

function describePart({ title, rows }: Part): string {
  const cells = rows.map(({ slack, standing }) => [slack, describeStanding(standing)]);
  return `## ${title}\n\n${formatTable(["Slack", "here"], cells)}`;
}

function describeStanding(standing: Standing): string {
  switch (standing.kind) {
    case "same":
      return describeProofs(standing.proofs);
    case "different":
      return [`different: ${standing.why}`, describeProofs(standing.proofs)].filter(Boolean).join("; ");
    case "impossible":
      return `not possible: ${standing.why}`;
  }
}

function describeProofs(proofs: readonly Proof[]): string {
  return proofs.map(({ file, title }) => `[${title.replace(/[`$*_]/g, "")}](../${file})`).join("; ");
}
