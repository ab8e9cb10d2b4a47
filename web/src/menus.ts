/**
 * A menu (`details.menu`) closes on Escape, on a press outside it and when another one opens. The navigation, which a phone shows in
 * part, begins at the page one is on.
 */

/** Watches the whole page. */
export function start(root: Document): void {
  const here = root.querySelector<HTMLElement>(".page-nav [aria-current]");
  const list = here?.closest("ul");
  if (here && list) list.scrollLeft = here.offsetLeft - (list.clientWidth - here.offsetWidth) / 2;
  const open = (): NodeListOf<HTMLDetailsElement> => root.querySelectorAll("details.menu[open]");
  root.addEventListener("click", (event) => {
    for (const menu of open()) {
      if (!(event.target instanceof Node && menu.contains(event.target))) menu.open = false;
    }
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  root.addEventListener("focusin", (event) => {
    for (const menu of open()) {
      if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    }
  });
}
