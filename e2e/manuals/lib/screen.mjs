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
 * What a step marks: the box of what is pressed or written, and `from`, where its label and hint begin.
 *
 * @typedef {{ step: string, x: number, y: number, width: number, height: number, from: number }} Box
 */

/**
 * Draws a frame around what each step marks, with the step's number beside it, and answers where they are. Black on white, so that
 * they are seen on a copy without colours.
 *
 * @param {import("playwright-core").Page} tab
 * @param {Record<number, import("playwright-core").Locator>} marks
 * @returns {Promise<Box[]>}
 */
export async function mark(tab, marks) {
  /** @type {Box[]} */
  const boxes = [];
  for (const [step, locator] of Object.entries(marks)) boxes.push({ step, ...(await locator.first().evaluate(boxOf)) });
  await tab.evaluate(draw, boxes);
  return boxes;
}

/**
 * Runs in the page. A choice is marked with its circle and its word, and no wider.
 *
 * @param {Element} element
 */
function boxOf(element) {
  const choice = element.closest(".option") ?? (element.matches("label") ? element : undefined);
  let { left, top, right, bottom } = element.getBoundingClientRect();
  if (choice) {
    const range = document.createRange();
    const walker = document.createTreeWalker(choice, NodeFilter.SHOW_TEXT);
    const rects = [...choice.querySelectorAll("input")].map((input) => input.getBoundingClientRect());
    while (walker.nextNode()) {
      range.selectNodeContents(walker.currentNode);
      rects.push(...range.getClientRects());
    }
    const shown = rects.filter((rect) => rect.width > 0);
    left = Math.min(...shown.map((rect) => rect.left));
    top = Math.min(...shown.map((rect) => rect.top));
    right = Math.max(...shown.map((rect) => rect.right));
    bottom = Math.max(...shown.map((rect) => rect.bottom));
  }
  const field = element.closest(".field")?.getBoundingClientRect().top ?? top;
  return { x: left + scrollX, y: top + scrollY, width: right - left, height: bottom - top, from: (top - field < 200 ? field : top) + scrollY };
}

/**
 * Runs in the page: frames, and each number at the place beside its frame where it hides the least.
 *
 * @param {Box[]} boxes
 */
function draw(boxes) {
  const SIZE = 30;
  /** @typedef {{ left: number, top: number, right: number, bottom: number }} Area */
  // A ring around the field that has the focus would look like a mark of its own.
  const active = document.activeElement;
  if (active instanceof HTMLElement && active.tagName !== "SUMMARY") active.blur();

  const edge = document.documentElement.clientWidth - 2;
  const frames = boxes.map(({ step, x, y, width, height }) => (
    { step, left: Math.max(2, x - 5), top: Math.max(2, y - 5), right: Math.min(edge, x + width + 5), bottom: y + height + 5 }
  ));
  /** What a number should not hide, and how much it matters. @type {(Area & { weight: number })[]} */
  const kept = [];
  const keep = (/** @type {DOMRect} */ rect, weight = 1, inset = 0) => {
    if (rect.width <= 2 * inset || rect.height <= 2 * inset) return;
    kept.push({
      left: rect.left + scrollX + inset, top: rect.top + scrollY + inset,
      right: rect.right + scrollX - inset, bottom: rect.bottom + scrollY - inset, weight,
    });
  };
  for (const element of document.querySelectorAll("input, select, textarea, button, summary, svg, .button, .chip, .mark")) {
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const rect = element.getBoundingClientRect();
    if (element.matches("svg, .chip, .mark, [type=radio], [type=checkbox]")) keep(rect);
    else if (element.matches("input, select, textarea")) keep(rect, 1, 9);
    else keep(rect, 0.2);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const { currentNode: node } = walker;
    if (!node.textContent?.trim() || !node.parentElement?.checkVisibility({ visibilityProperty: true })) continue;
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) keep(rect);
  }
  const overlap = (/** @type {Area} */ a, /** @type {Area} */ b) =>
    Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

  /** @type {Area[]} */
  const numbers = [];
  const layer = document.createElement("div");
  layer.id = "manual-marks";
  // Above everything, an open dialog too.
  layer.popover = "manual";
  document.body.append(layer);
  Object.assign(layer.style, { position: "absolute", inset: "0 auto auto 0", margin: "0", padding: "0", border: "0", width: "0", height: "0", overflow: "visible", background: "none" });
  layer.showPopover();
  for (const frame of frames) {
    const high = frame.bottom - frame.top > 120;
    const middle = high ? frame.top : (frame.top + frame.bottom - SIZE) / 2;
    const [above, below] = [frame.top - 20, frame.bottom - 10];
    // Beside it, else on a corner, else above or below. The first of equals is taken.
    const places = [
      [frame.left - SIZE - 2, middle], [frame.right + 2, middle],
      [frame.left - 6, above], [frame.right - SIZE + 6, above], [frame.left - 6, below], [frame.right - SIZE + 6, below],
      [(frame.left + frame.right - SIZE) / 2, above], [(frame.left + frame.right - SIZE) / 2, below],
    ];
    const judged = places.map(([left = 0, top = 0], order) => {
      const area = { left, top, right: left + SIZE, bottom: top + SIZE };
      const hidden = kept.reduce((sum, one) => sum + one.weight * overlap(area, one), 0);
      const taken = numbers.reduce((sum, one) => sum + 20 * overlap(area, one), 0);
      const strange = frames.filter((one) => one !== frame).reduce((sum, one) => sum + overlap(area, one), 0);
      const outside = left < 0 || top < 0 || left + SIZE > edge ? 100_000 : 0;
      return { area, cost: hidden + taken + strange + outside + 4 * order };
    });
    const { area } = judged.reduce((best, one) => (one.cost < best.cost ? one : best));
    numbers.push(area);
    const border = document.createElement("div");
    Object.assign(border.style, {
      position: "absolute", left: `${frame.left}px`, top: `${frame.top}px`, width: `${frame.right - frame.left}px`, height: `${frame.bottom - frame.top}px`,
      border: "3px solid #000", borderRadius: "6px", outline: "2px solid #fff", boxSizing: "border-box",
    });
    const number = document.createElement("div");
    number.textContent = frame.step;
    Object.assign(number.style, {
      position: "absolute", left: `${area.left}px`, top: `${area.top}px`, width: "26px", height: "26px", borderRadius: "13px", zIndex: "1",
      background: "#000", color: "#fff", border: "2px solid #fff", font: "bold 16px/26px 'BIZ UDPGothic', sans-serif", textAlign: "center", boxSizing: "content-box",
    });
    layer.append(border, number);
  }
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
        if (box.width > 0 && bottom - top < 200 && top < at && bottom > at) edges.push(by < 0 ? top : bottom);
      };
      for (const element of document.querySelectorAll("button, input, select, textarea, a.button, .chip, .icon, th, td")) {
        if (element.checkVisibility({ visibilityProperty: true })) look(element.getBoundingClientRect());
      }
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const range = document.createRange();
      while (walker.nextNode()) {
        const { parentElement: parent } = walker.currentNode;
        // What a closed part of the page holds has its place all the same.
        if (!walker.currentNode.textContent?.trim() || parent?.closest("#manual-marks") || !parent?.checkVisibility({ visibilityProperty: true })) continue;
        range.selectNodeContents(walker.currentNode);
        for (const box of range.getClientRects()) look(box);
      }
      return edges.length === 0 ? at : by < 0 ? Math.min(...edges) : Math.max(...edges);
    };
    let at = y;
    for (let tries = 0; tries < 6; tries++) {
      const next = cut(at);
      if (next === at) break;
      at = next;
    }
    // Some air, where nothing stands close by.
    return cut(at + 5 * by) === at + 5 * by ? at + 5 * by : at;
  }, /** @type {[number, number]} */ ([y, by]));
}

/** Takes the frames away. @param {import("playwright-core").Page} tab */
export async function unmark(tab) {
  await tab.evaluate(() => document.getElementById("manual-marks")?.remove());
}
