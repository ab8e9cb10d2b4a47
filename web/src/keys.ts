/** Reading keyboard shortcuts, without a page: single keys and sequences such as `g h`. */

/** Gathers keys into sequences; a pause longer than the limit begins anew. */
export class KeySequence {
  private keys: string[] = [];
  private last = Number.NEGATIVE_INFINITY;

  constructor(private readonly limitMs = 1200) {}

  /**
   * Takes a key pressed at a time, and returns the shortcut among those known that it completes, if any.
   * A single key that is also the beginning of a sequence waits for the rest.
   */
  press(key: string, at: number, known: readonly string[]): string | null {
    if (at - this.last > this.limitMs) this.keys = [];
    this.last = at;
    this.keys.push(key);
    for (const keys of [this.keys, [key]]) {
      const typed = keys.join(" ");
      if (known.includes(typed)) {
        this.keys = [];
        return typed;
      }
      if (known.some((shortcut) => shortcut.startsWith(`${typed} `))) {
        this.keys = [...keys];
        return null;
      }
    }
    this.keys = [];
    return null;
  }
}
