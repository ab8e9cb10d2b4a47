// Walks the procedures of a manual through the real program, holds the text against the screens, and takes the pictures.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "../../lib/browser.mjs";
import { signInAs } from "../../lib/city.mjs";
import { named } from "./markdown.mjs";
import { labels, mark, pageText, uncut, unmark } from "./screen.mjs";

/** The width of a desk's and of a phone's window: on A4, letters of the desk's screen are then a little under the text's size. */
const DESK = 900;
const PHONE = 390;
/** High enough for any picture, which is taken of what is in the window: a page of a thousand rows is not drawn as a whole. */
const HEIGHT = 1100;
/** No picture is higher than this, so that it stays on the page of its steps. */
const HIGHEST = 560;
const PATIENCE = 30_000;

/**
 * A picture: its file, what the page is called, its size in pixels of the page, and whether it is a phone's.
 *
 * @typedef {{ file: string, caption: string, width: number, height: number, phone: boolean }} Picture
 *
 * The pictures of one look at the screen, to stand behind the step `after`.
 * @typedef {{ after: number, pictures: Picture[] }} Look
 *
 * @typedef {object} Wishes
 * @property {import("playwright-core").Locator} [top] where the picture begins, instead of the page's heading
 * @property {import("playwright-core").Locator} [bottom] what it must still hold
 * @property {boolean} [phone] a picture of the same on a phone beside it
 * @property {string} [caption] instead of the page's heading
 * @property {boolean} [plain] no picture: the step is only held against the screen
 *
 * @typedef {Record<number, import("playwright-core").Locator>} Marks
 *
 * What the script of a procedure is handed.
 * @typedef {object} Walker
 * @property {import("../../lib/city.mjs").City} city
 * @property {(who: Parameters<typeof signInAs>[2] | string) => Promise<import("playwright-core").Page>} as the window in which somebody of the demo city is signed in
 * @property {() => Promise<import("playwright-core").Page>} fresh a window in which nobody is signed in
 * @property {(tab: import("playwright-core").Page, marks: Marks, wishes?: Wishes) => Promise<void>} screen
 *   the screen of these steps, before they are done: what each marks is there, what each names is on it
 * @property {(tab: import("playwright-core").Page, wishes?: Wishes) => Promise<void>} result the screen after the last step
 * @property {(...steps: number[]) => void} away steps that happen away from the screen
 *
 * @typedef {Record<string, (walker: Walker) => Promise<void>>} Walks by the heading of the procedure
 */

/** The windows of one manual: one for each of its people. */
export class Windows {
  /** @type {Map<string, Promise<import("playwright-core").Page>>} */
  #open = new Map();

  /** @param {import("node:test").TestContext} t @param {import("../../lib/city.mjs").City} city */
  constructor(t, city) {
    this.t = t;
    this.city = city;
  }

  async fresh() {
    const tab = await page(this.t, { width: DESK, height: HEIGHT, options: { deviceScaleFactor: 2 } });
    tab.setDefaultTimeout(PATIENCE);
    tab.setDefaultNavigationTimeout(60_000);
    return tab;
  }

  /** @param {string} who */
  as(who) {
    const opened = this.#open.get(who) ?? this.fresh().then(async (tab) => {
      await signInAs(tab, this.city, /** @type {any} */ (who));
      return tab;
    });
    this.#open.set(who, opened);
    return opened;
  }
}

/**
 * Walks one procedure.
 *
 * @param {{ place: string, steps: import("./markdown.mjs").Piece[][], script: (walker: Walker) => Promise<void>, windows: Windows,
 *   stem: string, out: string | undefined }} task `place` names manual, chapter and procedure; pictures go to `out`
 * @returns {Promise<Look[]>}
 */
export async function walk({ place, steps, script, windows, stem, out }) {
  /** @type {Set<number>} */
  const done = new Set();
  /** @type {Look[]} */
  const looks = [];
  /** What earlier steps said would appear. @type {{ step: number, label: string }[]} */
  let expected = [];
  let last = 0;
  const at = (/** @type {number} */ step) => `${place} 手順${step}`;

  /** @param {import("playwright-core").Page} tab */
  const appeared = async (tab) => {
    const text = await pageText(tab);
    for (const { step, label } of expected) {
      assert.ok(text.includes(squeezed(label)), `${at(step)}: 「${label}」が、そのあとの画面に出ません（${tab.url()}）`);
    }
    expected = [];
  };

  /** @param {import("playwright-core").Page} tab @param {number} step */
  const held = async (tab, step) => {
    const [there, text] = await Promise.all([labels(tab), pageText(tab)]);
    for (const { label, later } of named(steps[step - 1] ?? [])) {
      if (later && !text.includes(squeezed(label))) expected.push({ step, label });
      else if (!later) assert.ok(there.has(squeezed(label)), `${at(step)}: 「${label}」が画面にありません（${tab.url()}）`);
    }
  };

  /** @param {import("playwright-core").Page} tab @param {Marks} marks @param {Wishes} wishes @param {number} after */
  const shoot = async (tab, marks, wishes, after) => {
    if (wishes.plain || !out) return;
    const pictures = [await picture(tab, marks, wishes, `${stem}-${looks.length + 1}`, out, false)];
    if (wishes.phone) {
      await tab.setViewportSize({ width: PHONE, height: HEIGHT });
      pictures.push(await picture(tab, marks, wishes, `${stem}-${looks.length + 1}-phone`, out, true));
      await tab.setViewportSize({ width: DESK, height: HEIGHT });
    }
    looks.push({ after, pictures });
  };

  await script({
    city: windows.city,
    as: (who) => windows.as(who),
    fresh: () => windows.fresh(),
    away: (...numbers) => {
      for (const step of numbers) {
        assert.deepEqual(named(steps[step - 1] ?? []), [], `${at(step)}: 画面の外の手順が、画面の言葉を挙げています`);
        done.add(step);
        last = Math.max(last, step);
      }
    },
    screen: async (tab, marks, wishes = {}) => {
      const numbers = Object.keys(marks).map(Number);
      for (const step of numbers) {
        assert.ok(step <= steps.length, `${at(step)}: 文にない手順です`);
        await /** @type {any} */ (marks[step]).first().waitFor({ state: "visible" }).catch(() => {
          assert.fail(`${at(step)}: 押すもの・書くところが画面にありません（${tab.url()}）`);
        });
      }
      await appeared(tab);
      for (const step of numbers) {
        await held(tab, step);
        done.add(step);
        last = Math.max(last, step);
      }
      await shoot(tab, marks, wishes, last);
    },
    result: async (tab, wishes = {}) => {
      await tab.waitForLoadState();
      await appeared(tab);
      await shoot(tab, {}, wishes, last);
    },
  });
  assert.deepEqual(expected, [], `${place}: 出るはずのものを、最後に確かめていません`);
  const missed = steps.map((_, index) => index + 1).filter((step) => !done.has(step));
  assert.deepEqual(missed, [], `${place}: 試していない手順があります`);
  return looks;
}

/** @param {string} text */
const squeezed = (text) => text.replace(/\s+/g, "");

/**
 * @param {import("playwright-core").Page} tab @param {Marks} marks @param {Wishes} wishes
 * @param {string} name @param {string} out @param {boolean} phone
 * @returns {Promise<Picture>}
 */
async function picture(tab, marks, wishes, name, out, phone) {
  await tab.evaluate(() => document.fonts.ready);
  let clip = await clipped(tab, await mark(tab, marks), wishes);
  const top = await tab.evaluate((y) => {
    if (y < scrollY || y > scrollY + innerHeight - 700) scrollTo(0, Math.max(0, y - 100));
    return scrollY;
  }, clip.y);
  // What stays in place while the page is scrolled is elsewhere now.
  await unmark(tab);
  clip = await clipped(tab, await mark(tab, marks), wishes);
  clip = { ...clip, y: Math.max(0, clip.y - top) };
  const file = `${name}.jpg`;
  mkdirSync(out, { recursive: true });
  const bytes = await tab.screenshot({ clip, type: "jpeg", quality: 82, scale: "device", animations: "disabled", timeout: 60_000 });
  writeFileSync(join(out, file), bytes);
  await unmark(tab);
  const caption = wishes.caption ?? (await tab.locator("h1").first().innerText().catch(() => tab.title()));
  return { file, caption: caption.trim(), width: clip.width, height: clip.height, phone };
}

/**
 * The part of the page that a picture shows: its whole width, from the page's heading or a little above the first mark down to a
 * little below the last.
 *
 * @param {import("playwright-core").Page} tab
 * @param {import("./screen.mjs").Box[]} boxes
 * @param {Wishes} wishes
 */
async function clipped(tab, boxes, wishes) {
  const size = await tab.evaluate(() => ({ width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight }));
  const edge = async (/** @type {import("playwright-core").Locator | undefined} */ locator) =>
    (await locator?.first().evaluate((element) => {
      const box = element.getBoundingClientRect();
      return { top: box.top + scrollY, bottom: box.bottom + scrollY };
    }));
  const heading = await edge(tab.locator("main h1").or(tab.locator("h1")));
  const top = await edge(wishes.top);
  const first = boxes.length > 0 ? Math.min(...boxes.map((box) => box.from)) : (top ?? heading)?.top ?? 0;
  const lowest = boxes.length > 0 ? Math.max(...boxes.map((box) => box.y + box.height)) : first;
  const above = top?.top ?? (heading && heading.top < first && lowest - heading.top < HIGHEST - 120 ? heading.top : first - 60);
  const below = (await edge(wishes.bottom))?.bottom ?? lowest + 70;
  const y = Math.max(0, await uncut(tab, Math.min(first, above) - 14, -1));
  const end = Math.min(size.height, Math.max(below + 14, y + (boxes.length > 0 ? 200 : 400)));
  if (lowest + 12 - y > HIGHEST + 260) throw new Error(`${tab.url()}: the marks of one picture are too far apart`);
  // The page's foot says nothing.
  const footer = tab.locator(".page-footer");
  const foot = (await footer.count()) > 0 ? await edge(footer) : undefined;
  const limit = foot && foot.top > lowest + 12 && foot.top > y + 200 ? foot.top : size.height;
  const bottom = Math.min(limit, await uncut(tab, Math.max(Math.min(end, y + HIGHEST), lowest + 12), 1));
  return { x: 0, y, width: size.width, height: bottom - y };
}
