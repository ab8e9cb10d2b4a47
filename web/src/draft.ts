/**
 * Nothing typed is lost: leaving a changed form asks first, and what was typed is kept and offered again. A form says
 * `data-draft="KEY"` to be kept on this machine for a week, or `data-draft-tab="KEY"` to be kept for this tab only, which is
 * right where it holds personal data. The page after a successful save clears it (`<meta name="draft-clear">`), and
 * signing out (`form[data-ends-session]`) clears all.
 */

import { type Control, type Entries, readEntries, sameEntries, writeEntries } from "./entries";
import { notice } from "./live";
import { fit } from "./rows";
import { text } from "./texts";

const PREFIX = "kawasemi-draft:";
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

interface Draft {
  /** When it was kept, in milliseconds since 1970. */
  readonly at: number;
  /** What the form said before anything was typed, so that a draft of an older record is not laid over a newer one. */
  readonly base: Entries;
  readonly entries: Entries;
}

let watching = false;
const changed = new Set<HTMLFormElement>();

/** Starts every form under `root` that keeps drafts or asks before it is left. */
export function start(root: ParentNode): void {
  watchPage();
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-draft], form[data-draft-tab], form[data-guard]")) {
    watchForm(form);
  }
}

/** A kept draft, if it is younger than a week and belongs to the same state of the record. */
export function usable(kept: string | null, base: Entries, now: number): Entries | null {
  if (!kept) return null;
  try {
    const draft = JSON.parse(kept) as Partial<Draft>;
    if (typeof draft.at !== "number" || !Array.isArray(draft.base) || !Array.isArray(draft.entries)) return null;
    const fresh = now - draft.at < WEEK_MS && sameEntries(draft.base, base) && !sameEntries(draft.entries, base);
    return fresh ? draft.entries : null;
  } catch {
    return null;
  }
}

function watchForm(form: HTMLFormElement): void {
  const base = readEntries(controls(form));
  const [store, key] = storeOf(form);
  const remember = (): void => {
    const entries = readEntries(controls(form));
    const same = sameEntries(entries, base);
    if (same) changed.delete(form);
    else changed.add(form);
    if (!store || !key) return;
    if (same) store.removeItem(key);
    else keep(store, key, { at: Date.now(), base, entries });
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  form.addEventListener("input", () => {
    changed.add(form);
    clearTimeout(timer);
    timer = setTimeout(remember, 400);
  });
  form.addEventListener("submit", () => changed.delete(form));
  if (store && key) offer(form, base, store, key);
}

function offer(form: HTMLFormElement, base: Entries, store: Storage, key: string): void {
  // A form that came back with mistakes already holds what was typed.
  if (form.querySelector("[aria-invalid=true]")) return;
  const entries = usable(store.getItem(key), base, Date.now());
  if (!entries) return;
  put(form, entries);
  changed.add(form);
  const box = notice(form, "info", text("draft-restored"));
  const discard = document.createElement("button");
  discard.type = "button";
  discard.className = "button";
  discard.textContent = text("draft-discard");
  discard.addEventListener("click", () => {
    store.removeItem(key);
    put(form, base);
    changed.delete(form);
    box.remove();
    form.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea")?.focus();
  });
  box.querySelector(".notice-body")?.append(discard);
}

/** Puts entries into a form and tells the fields that say more than they send. */
function put(form: HTMLFormElement, entries: Entries): void {
  fit(form, entries.map(([name]) => name));
  writeEntries(controls(form), entries);
  for (const input of form.querySelectorAll("[data-date] input[type=text]")) input.dispatchEvent(new Event("input"));
  for (const input of form.querySelectorAll("input[data-reference-id]")) input.dispatchEvent(new Event("restore"));
  for (const input of form.querySelectorAll(".input-geometry")) input.dispatchEvent(new Event("restore"));
}

function watchPage(): void {
  if (watching) return;
  watching = true;
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="draft-clear"]')) {
    for (const store of stores()) store.removeItem(PREFIX + meta.content);
  }
  window.addEventListener("beforeunload", (event) => {
    for (const form of changed) if (!form.isConnected) changed.delete(form);
    if (changed.size > 0) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    if (!(event.target instanceof HTMLFormElement && event.target.hasAttribute("data-ends-session"))) return;
    forgetAll();
  });
}

/** Forgets every draft that is kept on this machine. */
export function forgetAll(): void {
  for (const store of stores()) {
    for (const key of Object.keys(store)) if (key.startsWith(PREFIX)) store.removeItem(key);
  }
}

function storeOf(form: HTMLFormElement): [Storage, string] | [null, null] {
  // At a shared machine nothing stays in the browser: its lock gives what was typed to the server, for its owner.
  if (document.body.dataset["lockAfter"]) return [null, null];
  const { draft, draftTab } = form.dataset;
  const [local, session] = stores();
  if (draftTab && session) return [session, PREFIX + draftTab];
  if (draft && local) return [local, PREFIX + draft];
  return [null, null];
}

/** The browser's two stores, or none where it forbids them. */
function stores(): Storage[] {
  try {
    return [localStorage, sessionStorage];
  } catch {
    return [];
  }
}

function keep(store: Storage, key: string, draft: Draft): void {
  try {
    store.setItem(key, JSON.stringify(draft));
  } catch {
    // The store is full: the guard against leaving still holds.
  }
}

function controls(form: HTMLFormElement): Control[] {
  return [...form.elements] as unknown as Control[];
}
