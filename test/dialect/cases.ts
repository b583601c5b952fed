// Owns the Markdown cases: what the agent may write, and what is posted for it.

export interface Case {
  readonly markdown: string;
  readonly posted: string;
}

export const CASES: readonly Case[] = [{ markdown: "**Label:** text", posted: "**Label**: text" }];
