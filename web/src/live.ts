/** Says something to people: to a screen reader politely, or to everyone as a notice at the top of the page. */

let region: HTMLElement | null = null;

/** Tells a screen reader what has changed, without moving the focus. */
export function announce(message: string): void {
  if (!region) {
    region = document.createElement("div");
    region.className = "visually-hidden";
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  region.textContent = "";
  const target = region;
  setTimeout(() => {
    target.textContent = message;
  }, 50);
}

/** Shows a notice above the given element and returns it. */
export function notice(before: Element, kind: "info" | "error", message: string): HTMLElement {
  const box = document.createElement("div");
  box.className = `notice notice-${kind}`;
  box.setAttribute("role", kind === "error" ? "alert" : "status");
  const body = document.createElement("div");
  body.className = "notice-body";
  const line = document.createElement("p");
  line.textContent = message;
  body.append(line);
  box.append(document.createElement("span"), body);
  before.before(box);
  return box;
}
