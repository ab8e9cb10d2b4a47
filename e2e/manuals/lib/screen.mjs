// What a reader of a picture sees: the words on the page, and the frames with the numbers of the steps.

/**
 * Every word by which something visible on the page is called, without spaces: buttons, links, labels, headings, cells, choices.
 *
 * @param {import("playwright-core").Page} tab
 * @returns {Promise<Set<string>>}
 */
export async function labels(tab) {
  const found = await tab.evaluate(() => {
    const squeezed = (/** @type {string} */ text) => text.replace(/\s+/g, "");
    /** @type {Set<string>} */
    const all = new Set();
    const whole = "a,button,summary,label,legend,th,td,h1,h2,h3,h4,option,dt,dd,li,p,span,strong,caption,output";
    for (const element of document.querySelectorAll("body *")) {
      const isChoice = element instanceof HTMLOptionElement && element.closest("select")?.checkVisibility();
      if (!isChoice && (!element.checkVisibility({ visibilityProperty: true }) || element.closest(".visually-hidden"))) continue;
      const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent ?? "");
      all.add(squeezed(own.join("")));
      if (element.matches(whole)) all.add(squeezed(element instanceof HTMLElement ? element.innerText || element.textContent || "" : ""));
      for (const name of ["placeholder", "aria-label"]) all.add(squeezed(element.getAttribute(name) ?? ""));
      if (element instanceof HTMLInputElement && ["submit", "button"].includes(element.type)) all.add(squeezed(element.value));
    }
    return [...all].filter((text) => text !== "");
  });
  return new Set(found);
}

/** All visible words of the page, without spaces. @param {import("playwright-core").Page} tab */
export async function pageText(tab) {
  return (await tab.locator("body").innerText()).replace(/\s+/g, "");
}

/**
 * Draws a frame around what each step marks, with the step's number at its corner, and answers where they are. Black on white, so
 * that they are seen on a copy without colours.
 *
 * @param {import("playwright-core").Page} tab
 * @param {Record<number, import("playwright-core").Locator>} marks
 */
export async function mark(tab, marks) {
  /** @type {{ step: string, x: number, y: number, width: number, height: number }[]} */
  const boxes = [];
  for (const [step, locator] of Object.entries(marks)) {
    const box = await locator.first().evaluate((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x: x + scrollX, y: y + scrollY, width, height };
    });
    boxes.push({ step, ...box });
  }
  await tab.evaluate((boxes) => {
    const layer = document.createElement("div");
    layer.id = "manual-marks";
    // Above everything, an open dialog too.
    layer.popover = "manual";
    document.body.append(layer);
    Object.assign(layer.style, { position: "absolute", inset: "0 auto auto 0", margin: "0", padding: "0", border: "0", width: "0", height: "0", overflow: "visible", background: "none" });
    layer.showPopover();
    const right = document.documentElement.clientWidth;
    for (const { step, x, y, width, height } of boxes) {
      const frame = document.createElement("div");
      const left = Math.max(2, x - 5);
      Object.assign(frame.style, {
        position: "absolute", left: `${left}px`, top: `${Math.max(2, y - 5)}px`, width: `${Math.min(right - 2, x + width + 5) - left}px`, height: `${height + 10}px`,
        border: "3px solid #000", borderRadius: "6px", outline: "2px solid #fff", boxSizing: "border-box",
      });
      const number = document.createElement("div");
      number.textContent = step;
      Object.assign(number.style, {
        position: "absolute", left: `${Math.max(0, x - 17)}px`, top: `${Math.max(0, y - 19)}px`, width: "26px", height: "26px", borderRadius: "13px",
        background: "#000", color: "#fff", border: "2px solid #fff", font: "bold 16px/26px 'BIZ UDPGothic', sans-serif", textAlign: "center", boxSizing: "content-box",
      });
      layer.append(frame, number);
    }
  }, boxes);
  return boxes;
}

/** Takes the frames away. @param {import("playwright-core").Page} tab */
export async function unmark(tab) {
  await tab.evaluate(() => document.getElementById("manual-marks")?.remove());
}
