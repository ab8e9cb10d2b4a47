/**
 * Choosing a record by searching for it: an ARIA combobox over a search box. `data-lookup` is an address that answers
 * `?q=` with list items (`<li role="option" data-value="ID">…</li>`). Without a script the id is typed into the plain field.
 */

import { belongsToConversion } from "./ime";
import { announce } from "./live";
import { text } from "./texts";

/** Starts every reference field under `root`. */
export function start(root: ParentNode): void {
  for (const field of root.querySelectorAll<HTMLElement>("[data-lookup]")) {
    if (field.classList.contains("is-started")) continue;
    field.classList.add("is-started");
    new Reference(field).watch();
  }
}

class Reference {
  private readonly id: HTMLInputElement;
  private readonly search: HTMLInputElement;
  private readonly list: HTMLElement;
  private readonly now: HTMLElement | null;
  private readonly address: string;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked: AbortController | undefined;
  private at = -1;

  constructor(field: HTMLElement) {
    this.address = field.dataset["lookup"] ?? "";
    this.id = required(field, "input[data-reference-id]");
    this.search = required(field, "input[data-reference-search]");
    this.list = required(field, "[role=listbox]");
    this.now = field.querySelector("[data-reference-now]");
  }

  watch(): void {
    // The search box takes over: the id travels unseen (but is kept as a draft), and the label points at what can be typed into.
    this.id.hidden = true;
    this.id.addEventListener("restore", () => void this.name());
    const label = document.querySelector(`label[for="${CSS.escape(this.id.id)}"]`);
    label?.setAttribute("for", this.search.id);
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.look(), 250);
    });
    this.search.addEventListener("keydown", (event) => this.key(event));
    this.search.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target instanceof Element ? event.target.closest<HTMLElement>("[role=option]") : null;
      if (option) this.choose(option);
    });
  }

  private async look(): Promise<void> {
    this.asked?.abort();
    const words = this.search.value.trim();
    if (words === "") {
      this.close();
      this.take("", "");
      return;
    }
    const items = await this.find(words);
    if (items) this.show(items);
  }

  /** Says what the record is called whose id was put back. */
  private async name(): Promise<void> {
    const [found] = this.id.value === "" ? [] : ((await this.find(this.id.value)) ?? []);
    this.search.value = found?.dataset["label"] ?? this.id.value;
    if (this.now) this.now.textContent = this.search.value;
  }

  /** What the server suggests for some words; nothing if it was asked anew or did not answer. */
  private async find(words: string): Promise<HTMLElement[] | null> {
    this.asked = new AbortController();
    try {
      const address = new URL(this.address, location.href);
      address.searchParams.set("q", words);
      const answer = await fetch(address, { signal: this.asked.signal, headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      return [...parsed.body.querySelectorAll("li")];
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) announce(text("request-failed"));
      return null;
    }
  }

  private show(items: HTMLElement[]): void {
    items.forEach((item, index) => {
      item.id = `${this.list.id}-${index}`;
    });
    this.list.replaceChildren(...items);
    this.at = -1;
    this.list.hidden = items.length === 0;
    this.search.setAttribute("aria-expanded", String(items.length > 0));
    this.search.removeAttribute("aria-activedescendant");
    announce(text("lookup-count", { count: String(this.options().length) }));
  }

  private key(event: KeyboardEvent): void {
    if (belongsToConversion(event) || this.list.hidden) return;
    const options = this.options();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.at = (this.at + (event.key === "ArrowDown" ? 1 : options.length - (this.at < 0 ? 0 : 1))) % options.length;
      this.mark(options);
    } else if (event.key === "Enter" && this.at >= 0) {
      event.preventDefault();
      const option = options[this.at];
      if (option) this.choose(option);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    }
  }

  private mark(options: HTMLElement[]): void {
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.at)));
    const current = options[this.at];
    if (!current) return;
    this.search.setAttribute("aria-activedescendant", current.id);
    current.scrollIntoView({ block: "nearest" });
  }

  private choose(option: HTMLElement): void {
    const label = option.dataset["label"] ?? option.textContent?.trim() ?? "";
    this.take(option.dataset["value"] ?? "", label);
    this.search.value = label;
    this.close();
  }

  private take(value: string, label: string): void {
    this.id.value = value;
    if (this.now) this.now.textContent = label;
    this.id.dispatchEvent(new Event("input", { bubbles: true }));
  }

  private close(): void {
    this.list.hidden = true;
    this.at = -1;
    this.search.setAttribute("aria-expanded", "false");
    this.search.removeAttribute("aria-activedescendant");
  }

  private options(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>("[role=option]")];
  }
}

function required<T extends Element>(field: ParentNode, selector: string): T {
  const found = field.querySelector<T>(selector);
  if (!found) throw new Error(`a reference field has no ${selector}`);
  return found;
}
