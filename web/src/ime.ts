/**
 * Enter that confirms a kana conversion never submits a form. Browsers tell of it in different ways: most set
 * `isComposing`; Safari ends the composition first and then sends the key with code 229; some send the submit in the
 * same turn. All three are caught here, before any other listener.
 */

interface KeyLike {
  readonly key: string;
  readonly isComposing: boolean;
  readonly keyCode: number;
}

/** Whether a key belongs to a conversion that is under way or has just ended. */
export function belongsToConversion(event: KeyLike): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** Remembers conversions and decides whether a submit is the echo of one. Times are milliseconds of one clock. */
export class ConversionWatch {
  private converting = false;
  private confirmed = Number.NEGATIVE_INFINITY;

  /** A conversion has begun. */
  begin(): void {
    this.converting = true;
  }

  /** A conversion has ended at a time. */
  end(at: number): void {
    this.converting = false;
    this.confirmed = at;
  }

  /** Whether this Enter confirms a conversion instead of submitting. */
  swallows(event: KeyLike, at: number): boolean {
    if (event.key !== "Enter" || !(this.converting || belongsToConversion(event))) return false;
    this.confirmed = at;
    return true;
  }

  /** Whether a submit at this time was caused by the key that confirmed a conversion. */
  echoes(at: number): boolean {
    return this.converting || at - this.confirmed < 30;
  }
}

/** Watches the whole page. */
export function start(root: Document): void {
  const watch = new ConversionWatch();
  let pointed = Number.NEGATIVE_INFINITY;
  root.addEventListener("compositionstart", () => watch.begin(), true);
  root.addEventListener("compositionend", (event) => watch.end(event.timeStamp), true);
  root.addEventListener("pointerdown", (event) => { pointed = event.timeStamp; }, true);
  root.addEventListener(
    "keydown",
    (event) => {
      if (!watch.swallows(event, event.timeStamp)) return;
      event.stopImmediatePropagation();
      // Without a composition the browser would take the key as its own; within one it belongs to the input method.
      if (!event.isComposing) event.preventDefault();
    },
    true,
  );
  root.addEventListener(
    "submit",
    (event) => {
      const byPointer = event.timeStamp - pointed < 1000;
      if (byPointer || !watch.echoes(event.timeStamp)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
}
