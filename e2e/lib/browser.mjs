// Debian's Chromium through Playwright, with what every test of a page needs: a page of a given width, a screenshot
// where it can be looked at, and the question whether axe finds anything.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axePath = require.resolve("axe-core/axe.min.js");

/** Where screenshots go. */
export const RESULTS = join(dirname(fileURLToPath(import.meta.url)), "../../test-results");

/** The tags of the rules that every page must pass: WCAG 2.2 level AA and axe's good practice. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** One browser for all tests of a file. @type {Promise<import("playwright-core").Browser> | undefined} */
let browser;

function launched() {
  browser ??= chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    headless: true,
    chromiumSandbox: false,
    // What Chromium itself writes on a page, such as beside the choice of a file, is in Japanese where its languages are installed.
    // The locale itself is one that every machine has: in one that is missing, names of files in Japanese are lost.
    env: { ...process.env, LANGUAGE: "ja", LC_ALL: "C.UTF-8" },
    args: [
      "--lang=ja-JP",
      "--disable-gpu",
      // Maps are drawn by WebGL, which a machine without a graphics card does in software.
      "--enable-unsafe-swiftshader",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--font-render-hinting=none",
    ],
  });
  return browser;
}

after(async () => (await browser)?.close());

/**
 * Opens a browser context for one test and closes it after it. The context sees Japan's time zone and language.
 *
 * @param {import("node:test").TestContext} t
 * @param {{ width?: number, height?: number, script?: boolean, locale?: string, options?: import("playwright-core").BrowserContextOptions }} [wishes]
 *   `script: false` turns JavaScript off: every page has to work without.
 */
export async function context(t, { width = 1280, height = 900, script = true, locale = "ja-JP", options = {} } = {}) {
  const opened = await (await launched()).newContext({
    viewport: { width, height },
    javaScriptEnabled: script,
    locale,
    timezoneId: "Asia/Tokyo",
    reducedMotion: "reduce",
    ...options,
  });
  t.after(() => opened.close());
  return opened;
}

/**
 * Opens a page for one test. A mistake in a script of the page, or anything that the content security policy refuses, fails
 * the test when it ends.
 *
 * @param {import("node:test").TestContext} t
 * @param {Parameters<typeof context>[1]} [wishes]
 */
export async function page(t, wishes) {
  const page = await (await context(t, wishes)).newPage();
  watch(t, page);
  return page;
}

/**
 * Lets a test fail at its end if the page complained.
 *
 * @param {import("node:test").TestContext} t
 * @param {import("playwright-core").Page} page
 */
export function watch(t, page) {
  /** @type {string[]} */
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    // A refused form (422) or a missing page (404) is an answer, which a test asks about by itself.
    if (/Failed to load resource: the server responded with a status of 4/.test(message.text())) return;
    // A file that is saved instead of shown ends the navigation to it.
    if (/net::ERR_ABORTED/.test(message.text())) return;
    // The test's server may end before its page, which still asks for a font.
    if (/net::ERR_CONNECTION_REFUSED/.test(message.text())) return;
    complaints.push(message.text());
  });
  t.after(() => assert.deepEqual(complaints, [], "the page's scripts or its security policy complained"));
}

/**
 * Fails if the page is wider than its window, or if something that a finger is to press is less than 44 px high.
 *
 * @param {import("playwright-core").Page} page
 */
export async function expectFitting(page) {
  const { overflow, small } = await page.evaluate(() => {
    const pressed = ".button, .input, .option, summary, .page-nav a, .tabs a, .link-list a, .menu-panel a, .cell-check label";
    const low = [...document.querySelectorAll(pressed)].filter(
      (element) => element.checkVisibility() && !element.closest(".visually-hidden") && element.getBoundingClientRect().height < 43.5,
    );
    return {
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      small: innerWidth < 640 ? low.map((element) => `${element.className}: ${element.textContent?.trim()}`) : [],
    };
  });
  assert.ok(overflow <= 0, `${page.url()} is ${overflow} px wider than its window`);
  assert.deepEqual(small, [], `${page.url()}: too low for a finger`);
}

/**
 * Fails if axe finds anything on the page, naming rule and element, or if the page is wider than its window.
 *
 * @param {import("playwright-core").Page} page
 */
export async function expectAccessible(page) {
  // The protocol puts axe into the page; the page's own security policy does not stand in its way.
  await page.evaluate(await axeSource());
  const found = await page.evaluate(async (tags) => {
    // @ts-expect-error axe is the script that was put in above
    const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
    return violations.map((/** @type {any} */ violation) => ({
      rule: violation.id,
      help: violation.help,
      where: violation.nodes.slice(0, 5).map((/** @type {any} */ node) => `${node.target.join(" ")}: ${node.failureSummary}`),
    }));
  }, TAGS);
  assert.deepEqual(found, [], `axe on ${page.url()}`);
  await expectFitting(page);
}

/** @type {Promise<string> | undefined} */
let axe;

function axeSource() {
  axe ??= import("node:fs/promises").then(({ readFile }) => readFile(axePath, "utf8"));
  return axe;
}

/**
 * Saves a screenshot of the whole page to test-results, if SCREENSHOTS is set: they cost more than the rest of most tests.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} name
 * @param {boolean} [fullPage] false for what measures itself by the window, which a picture of the whole page changes
 */
export async function screenshot(page, name, fullPage = true) {
  if (!process.env["SCREENSHOTS"]) return "";
  const path = join(RESULTS, `${name}.png`);
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, fullPage });
  return path;
}
