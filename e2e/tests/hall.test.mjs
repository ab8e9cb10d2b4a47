// The city hall as its people meet it: every page that a newcomer opens in the first hour passes axe and fits its window,
// and a clerk's way from finding to saving to history works, with JavaScript and without.

import assert from "node:assert/strict";
import { test } from "node:test";
import { expectAccessible, page, screenshot } from "../lib/browser.mjs";
import { signIn, startCity } from "../lib/city.mjs";

const PASSWORD = "kingfisher by the river";
const PUBLIC = ["/", "/en", "/board", "/ja-easy/board", "/en/board", "/vi/board", "/auth/sign-in", "/no-such-page"];
const STAFF = [
  "/desk",
  "/desk/ledgers",
  "/desk/ledgers/policy-initiative",
  "/desk/ledgers/policy-initiative/new",
  "/desk/ledgers/policy-initiative/calendar",
  "/desk/ledgers/policy-initiative/chart",
  "/desk/ledgers/policy-initiative/import",
  "/desk/ledgers/policy-initiative/export",
  "/desk/ledgers/design",
  "/desk/search?q=%E5%85%AC%E5%9C%92",
  "/desk/policy",
  "/desk/policy/import",
  "/desk/policy/report",
  "/desk/account",
];
const ADMIN = [
  "/desk/admin",
  "/desk/admin/users",
  "/desk/admin/grants",
  "/desk/admin/audit",
  "/desk/admin/webhooks",
  "/desk/admin/webhooks/new",
  "/desk/admin/jobs",
];

test("every page of the first hour passes axe and fits its window", { timeout: 900_000 }, async (t) => {
  const city = await startCity(t);
  /** What is wrong, of all pages at once. @type {string[]} */
  const wrong = [];
  for (const width of [390, 1280]) {
    const tab = await page(t, { width });
    /** @param {string[]} paths @param {string} who */
    const walk = async (paths, who) => {
      for (const path of paths) {
        const answer = await tab.goto(city.address + path);
        assert.ok(answer !== null && answer.status() < 500, `${path}: ${answer?.status()}`);
        assert.equal(answer.status() === 404, path === "/no-such-page", `${path} for ${who}: ${answer.status()}`);
        await screenshot(tab, `hall/${who}${path.replace(/[^a-z0-9]+/gi, "-")}-${width}`);
        await expectAccessible(tab).catch((error) => wrong.push(`${who} ${width} ${error.message}`));
      }
    };
    await walk(PUBLIC, "visitor");
    await signIn(tab, city, { name: "kikaku", password: PASSWORD });
    await walk(STAFF, "kikaku");
    await tab.context().clearCookies();
    await signIn(tab, city, { name: "admin", password: PASSWORD });
    await walk(ADMIN, "admin");
  }
  assert.deepEqual(wrong, []);
});

for (const script of [true, false]) {
  test(`a clerk finds, changes and looks back ${script ? "with" : "without"} JavaScript`, { timeout: 180_000 }, async (t) => {
    const city = await startCity(t);
    const tab = await page(t, { script });
    await signIn(tab, city, { name: "kikaku", password: PASSWORD });
    await tab.goto(`${city.address}/desk/ledgers/policy-initiative?q=${encodeURIComponent("公園台帳")}`);
    await tab.locator("main table tbody tr a").first().click();
    await tab.locator('main a[href$="/edit"]').first().click();
    await tab.locator("[name=title]").fill("<b>公園台帳</b>の構築");
    await tab.locator("main form button.button-primary").first().click();
    await tab.waitForURL((url) => !url.pathname.endsWith("/edit"));
    assert.match(await tab.locator("main").innerText(), /<b>公園台帳<\/b>の構築/);
    await tab.goto(`${tab.url().split(/[?#]/)[0]}/history`);
    assert.match(await tab.locator("main").innerText(), /<b>公園台帳<\/b>の構築/);
  });
}

test("a visitor is led to the sign-in page and back", { timeout: 120_000 }, async (t) => {
  const city = await startCity(t);
  const tab = await page(t, { width: 390 });
  await tab.goto(`${city.address}/desk/policy`);
  assert.equal(new URL(tab.url()).pathname, "/auth/sign-in");
  await tab.locator("input[name=login]").fill("kikaku");
  await tab.locator("input[name=password]").fill("wrong");
  await tab.locator("input[name=password]").press("Enter");
  await tab.locator("[role=alert], .error-summary").first().waitFor();
  assert.equal(await tab.locator("input[name=login]").inputValue(), "kikaku");
  await tab.locator("input[name=password]").fill(PASSWORD);
  await tab.locator("input[name=password]").press("Enter");
  await tab.waitForURL((url) => url.pathname === "/desk/policy");
});
