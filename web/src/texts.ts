/** The few sentences that the script says itself. The server writes them into the page in the page's language. */

const holder = (): HTMLElement | null => document.getElementById("app-texts");

/** The sentence of a key such as `draft-restored`; the key itself where the page has none. */
export function text(key: string, args: Record<string, string> = {}): string {
  const sentence = holder()?.getAttribute(`data-say-${key}`) ?? key;
  return fill(sentence, args);
}

/** Puts the arguments into their places: `{count}`. */
export function fill(sentence: string, args: Record<string, string>): string {
  return sentence.replaceAll(/\{([a-z]+)\}/g, (place, name: string) => args[name] ?? place);
}
