// Owns formulas: the forms that the KaTeX of a server reads, and code where it reads none.

/** Which signs of formulas a server reads; none where its KaTeX is off. */
export interface Katex {
  /** `\(…\)`, and `\[…\]` at the beginning of a line. */
  readonly parentheses: boolean;
  /** `$…$`, and `$$…$$` at the beginning of a line. */
  readonly dollars: boolean;
}

/** Rocket.Chat's own defaults. */
export const DEFAULT_KATEX: Katex = { parentheses: true, dollars: false };

/** A formula in running text; undefined where the server shows none, or its signs are in the formula. */
export function writeFormula(formula: string, { parentheses, dollars }: Katex): string | undefined {
  if (parentheses) return `\\(${formula}\\)`;
  return dollars && isFree(formula) ? `$${formula}$` : undefined;
}

/** A formula set apart, which must stand at the beginning of a line. */
export function writeDisplay(formula: string, { parentheses, dollars }: Katex): string | undefined {
  if (parentheses) return `\\[${formula}\\]`;
  return dollars && isFree(formula) ? `$$${formula}$$` : undefined;
}

function isFree(formula: string): boolean {
  return formula !== "" && !formula.includes("$");
}
