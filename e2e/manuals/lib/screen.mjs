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
    // A ring around the field that has the focus would look like a mark of its own.
    const active = document.activeElement;
    if (active instanceof HTMLElement && active.tagName !== "SUMMARY") active.blur();
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
      // Beside the frame, where it hides no word: at its left, else at its right, else at its upper corner.
      const middle = y + height / 2 - 15;
      const beside = x >= 40 ? x - 37 : x + width + 40 <= right ? x + width + 8 : undefined;
      Object.assign(number.style, {
        position: "absolute", left: `${beside ?? Math.max(0, x - 10)}px`, top: `${Math.max(0, beside === undefined || height > 120 ? y - 14 : middle)}px`, width: "26px", height: "26px", borderRadius: "13px",
        background: "#000", color: "#fff", border: "2px solid #fff", font: "bold 16px/26px 'BIZ UDPGothic', sans-serif", textAlign: "center", boxSizing: "content-box",
      });
      layer.append(frame, number);
    }
  }, boxes);
  return boxes;
}

/**
 * An edge of a picture near `y` that cuts no line of text and no control: moved outwards (`by` -1 for upwards, 1 for downwards).
 *
 * @param {import("playwright-core").Page} tab @param {number} y @param {-1 | 1} by
 */
export async function uncut(tab, y, by) {
  return tab.evaluate(([y, by]) => {
    const cut = (/** @type {number} */ at) => {
      /** @type {number[]} */
      const edges = [];
      const look = (/** @type {DOMRect} */ box) => {
        const [top, bottom] = [box.top + scrollY, box.bottom + scrollY];
        if (box.width > 0 && bottom - top < 90 && top < at && bottom > at) edges.push(by < 0 ? top : bottom);
      };
      for (const element of document.querySelectorAll("button, input, select, textarea, a.button, .chip, .icon, th, td")) look(element.getBoundingClientRect());
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const range = document.createRange();
      while (walker.nextNode()) {
        if (!walker.currentNode.textContent?.trim() || walker.currentNode.parentElement?.closest("#manual-marks")) continue;
        range.selectNodeContents(walker.currentNode);
        for (const box of range.getClientRects()) look(box);
      }
      return edges.length === 0 ? at : by < 0 ? Math.min(...edges) - 5 : Math.max(...edges) + 5;
    };
    let at = y;
    for (let tries = 0; tries < 6; tries++) {
      const next = cut(at);
      if (next === at) break;
      at = next;
    }
    return at;
  }, /** @type {[number, number]} */ ([y, by]));
}

/** Takes the frames away. @param {import("playwright-core").Page} tab */
export async function unmark(tab) {
  await tab.evaluate(() => document.getElementById("manual-marks")?.remove());
}
