/**
 * Shared machines (窓口端末): `body[data-lock-after="SECONDS"]` locks the page when nobody has touched it for so long, and
 * `form[data-lock]` locks it at once. Under the lock the whole page is taken out of the document and kept in memory, with
 * everything that was typed: nothing of it can be read on the screen or in the document. A copy of an unsent form goes to the
 * server, sealed for its owner, since whoever comes next may close the page. The lock page comes from the server; when the same
 * person is back by PIN, the page under it returns as it was, and anybody else goes to a page of their own. All tabs lock together.
 */

import { forgetAll } from "./draft";
import { notice } from "./live";
import { sameOrigin } from "./passkey";
import { text } from "./texts";

const LOCK_PAGE = "/auth/locked";
const WATCHED = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "input"] as const;

type Said = "active" | "locked" | "unlocked" | "switched";

interface Under {
  readonly nodes: DocumentFragment;
  readonly title: string;
  readonly look: string;
  readonly focus: Element | null;
}

let under: Under | null = null;
let startPart: (root: ParentNode) => void = () => undefined;

/** Watches a page at a shared machine; does nothing anywhere else. */
export function start(root: Document, startFragment: (root: ParentNode) => void): void {
  const after = Number(root.body.dataset["lockAfter"] ?? "0");
  // A page that comes back out of the browser's memory may be another person's.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  if (!(after > 0)) return;
  startPart = startFragment;
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("kawasemi-counter") : null;
  const say = (said: Said): void => tabs?.postMessage(said);
  let touched = Date.now();
  let told = 0;
  const touch = (): void => {
    touched = Date.now();
    if (touched - told < 5000) return;
    told = touched;
    say("active");
  };
  for (const kind of WATCHED) root.addEventListener(kind, touch, { passive: true });
  setInterval(() => {
    if (!under && Date.now() - touched >= after * 1000) void lock(root, say);
  }, 1000);
  root.addEventListener("submit", (event) => {
    if (!(event.target instanceof HTMLFormElement)) return;
    if (event.target.matches("[data-lock]")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      void lock(root, say);
    } else if (under && event.target.closest("[data-unlock]")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      void unlock(root, event.target, say);
    }
  }, { capture: true });
  tabs?.addEventListener("message", (event: MessageEvent<Said>) => {
    if (event.data === "active") touched = Date.now();
    if (event.data === "locked" && !under) void lock(root, () => undefined);
    if (event.data === "unlocked") restore(root);
    if (event.data === "switched") location.replace("/desk");
  });
}

async function lock(root: Document, say: (said: Said) => void): Promise<void> {
  if (under) return;
  const entries = unsent(root);
  const nodes = root.createDocumentFragment();
  const focus = root.activeElement;
  nodes.append(...root.body.childNodes);
  under = { nodes, title: root.title, look: root.body.className, focus };
  root.title = "カワセミ";
  forgetAll();
  say("locked");
  try {
    // Twice, since a lock that did not arrive is no lock; the server locks by itself soon after.
    await post("/auth/lock", entries).catch(() => post("/auth/lock", entries));
    const answer = await fetch(LOCK_PAGE, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    root.title = page.title;
    const main = page.querySelector("main");
    root.body.className = page.body.className;
    if (main) root.body.replaceChildren(root.adoptNode(main));
    startPart(root.body);
    root.querySelector<HTMLElement>("[data-unlock] input:not([type=hidden])")?.focus();
  } catch {
    const again = root.createElement("a");
    again.href = LOCK_PAGE;
    again.className = "button";
    again.textContent = text("request-failed");
    root.body.replaceChildren(again);
  }
}

async function unlock(root: Document, form: HTMLFormElement, say: (said: Said) => void): Promise<void> {
  form.parentElement?.querySelectorAll(":scope > .notice-error").forEach((old) => old.remove());
  const entries = new URLSearchParams([...new FormData(form)].map(([name, value]): [string, string] => [name, String(value)]));
  entries.set("in_page", "1");
  try {
    const answer = await post("/auth/pin", entries);
    const json = (await answer.json()) as { same?: boolean; redirect?: string };
    if (json.same) {
      say("unlocked");
      restore(root);
    } else {
      say("switched");
      under = null;
      location.replace(sameOrigin(json.redirect ?? "/desk"));
    }
  } catch (error) {
    notice(form, "error", error instanceof Error ? error.message : text("request-failed"));
    form.classList.remove("is-sending");
    form.querySelector<HTMLInputElement>("input[type=password]")?.select();
  }
}

function restore(root: Document): void {
  if (!under) return;
  const { nodes, title, look, focus } = under;
  under = null;
  root.body.replaceChildren(nodes);
  root.title = title;
  root.body.className = look;
  if (focus instanceof HTMLElement) focus.focus();
}

async function post(address: string, entries: URLSearchParams): Promise<Response> {
  const answer = await fetch(address, { method: "POST", headers: { accept: "application/json" }, body: entries });
  if (answer.ok) return answer;
  const json = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new Error(json.detail ?? text("request-failed"));
}

/** The first form of the page in which something was typed and not sent, as the server keeps one. */
export function unsent(root: Document): URLSearchParams {
  const kept = new URLSearchParams();
  for (const form of root.querySelectorAll<HTMLFormElement>("main form[method=post]")) {
    if (![...form.elements].some(isChanged)) continue;
    const { pathname, search } = new URL(form.action, location.href);
    kept.set("_kept_path", pathname + search);
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && !isSecret(form, name)) kept.append(`_kept.${name}`, value);
    }
    break;
  }
  return kept;
}

function isSecret(form: HTMLFormElement, name: string): boolean {
  const found = form.elements.namedItem(name);
  return found instanceof HTMLInputElement && found.type === "password";
}

function isChanged(control: Element): boolean {
  if (control instanceof HTMLInputElement) {
    if (["hidden", "password", "file"].includes(control.type)) return false;
    const toggles = control.type === "checkbox" || control.type === "radio";
    return toggles ? control.checked !== control.defaultChecked : control.value !== control.defaultValue;
  }
  if (control instanceof HTMLTextAreaElement) return control.value !== control.defaultValue;
  if (control instanceof HTMLSelectElement) {
    return [...control.options].some((option) => option.selected !== option.defaultSelected) && control.selectedIndex !== 0;
  }
  return false;
}
