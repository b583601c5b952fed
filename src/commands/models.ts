// Owns finding the model that somebody means by a name, or the names near it.

/** The choice that a name means: itself, or the only one whose part behind the provider it is. Case is ignored. */
export function findModel(name: string, choices: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const exact = choices.find((choice) => choice.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const byModel = choices.filter((choice) => modelOf(choice) === wanted);
  return byModel.length === 1 ? byModel[0] : undefined;
}

const MAX_NEAR = 3;

/** Up to three choices that contain the name, or differ from it by a few letters; the nearest first. */
export function findNearModels(name: string, choices: readonly string[]): readonly string[] {
  const wanted = name.toLowerCase().slice(0, MAX_NAME);
  if (wanted === "") return [];
  return choices
    .map((choice) => ({ choice, distance: distanceTo(wanted, choice) }))
    .filter(({ distance }) => distance <= Math.max(2, wanted.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MAX_NEAR)
    .map(({ choice }) => choice);
}

/** No model's name is longer; more of what somebody typed is not compared. Characters. */
const MAX_NAME = 100;

function distanceTo(wanted: string, choice: string): number {
  const full = choice.toLowerCase();
  if (full.includes(wanted)) return 0;
  return Math.min(countEdits(wanted, full), countEdits(wanted, modelOf(choice)));
}

/** `demo/scripted` is `scripted`; a provider's own names may hold further slashes. */
function modelOf(choice: string): string {
  return choice.slice(choice.indexOf("/") + 1).toLowerCase();
}

/** Letters to change, add or leave out until `from` reads `to`. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= to.length; j += 1) {
      const kept = (row[j - 1] ?? 0) + (letter === to[j - 1] ? 0 : 1);
      next.push(Math.min(kept, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
