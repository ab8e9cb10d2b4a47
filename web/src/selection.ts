/** Which rows of a list are chosen, without a page: the arithmetic of ranges. */

/** The rows from one to another, both included, in either order. */
export function between(one: number, other: number): number[] {
  const [first, last] = one <= other ? [one, other] : [other, one];
  return Array.from({ length: last - first + 1 }, (_, step) => first + step);
}

/** What the box above the rows shows. */
export function overall(chosen: readonly boolean[]): "all" | "some" | "none" {
  if (chosen.length > 0 && chosen.every(Boolean)) return "all";
  return chosen.some(Boolean) ? "some" : "none";
}
