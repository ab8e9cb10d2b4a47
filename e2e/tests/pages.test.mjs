// Every page of the city hall, as each of its people meets it: axe finds nothing at 390 and 1280 px, nothing is wider than its
// window up to 1920 px or when everything is twice as large, and what a finger presses is large enough. One city serves all.

import assert from "node:assert/strict";
import { test } from "node:test";
import { expectAccessible, expectFitting, page, screenshot } from "../lib/browser.mjs";
import { publishFacilities, signInAs, startCity } from "../lib/city.mjs";

/** @typedef {"visitor" | "kikaku" | "madoguchi" | "admin"} Who */

const FACILITY = "/desk/ledgers/facility";

/**
 * Who opens what. `RECORD` stands for a record of the facility ledger, `INITIATIVE` for one of the policy board.
 *
 * @type {Record<Who, string[]>}
 */
const PAGES = {
  visitor: [
    "/", "/ja-easy", "/en", "/vi", "/board", "/ja-easy/board", "/en/board", "/vi/board", "/board/INITIATIVE", "/vi/board/INITIATIVE",
    "/auth/sign-in", "/no-such-page", "/en/no-such-page",
  ],
  kikaku: [
    "/desk", "/desk/changes", "/desk/ledgers", "/desk/search?q=%E5%85%AC%E5%9C%92", "/desk/search?q=zzzz",
    FACILITY, `${FACILITY}?deleted=1`, `${FACILITY}?filter=area+%3E`, `${FACILITY}?filter=state+%3D+%27repair%27&facet=kind:hall`,
    `${FACILITY}?q=zzzz`, `${FACILITY}/new`, `${FACILITY}/condition?c_field=cost`, `${FACILITY}/condition?c_field=department`,
    `${FACILITY}/calendar`, `${FACILITY}/calendar?date=inspected_on&month=2026-05`, `${FACILITY}/chart`,
    `${FACILITY}/chart?by=kind&by2=state`, `${FACILITY}/chart?by=kind&look=line&aggregate=sum&of=cost`, `${FACILITY}/import`, `${FACILITY}/map`,
    "/desk/ledgers/town/map", "/desk/ledgers/town/map/print",
    `${FACILITY}/export`, `${FACILITY}/views`, `${FACILITY}/views/new?filter=cost+%3E+1`, `${FACILITY}/bulk`, `${FACILITY}/sheet`,
    `${FACILITY}/sheet?form=table`, `${FACILITY}/design`, "RECORD", "RECORD/edit", "RECORD/history", "RECORD/delete", "RECORD/sheet",
    "RECORD/explain", "/desk/ledgers/design", "/desk/ledgers/policy-initiative", "/desk/ledgers/policy-initiative/new",
    "/desk/policy", "/desk/policy/INITIATIVE", "/desk/policy/INITIATIVE/report", "/desk/policy/import", "/desk/policy/report",
    "/desk/account", "/desk/account/password", "/desk/account/second-factor", "/desk/account/passkeys", "/desk/account/sessions",
    "/desk/account/tokens", "/desk/admin",
  ],
  madoguchi: ["/desk", "/desk/ledgers/resident", "/desk/ledgers/resident/new", "/desk/ledgers/resident/chart", "/desk/policy"],
  admin: [
    "/desk", "/desk/admin", "/desk/admin/users", "/desk/admin/users/new", "/desk/admin/roles", "/desk/admin/roles/policy-editor",
    "/desk/admin/grants", "/desk/admin/grants/why", "/desk/admin/events", "/desk/admin/access", "/desk/admin/audit",
    "/desk/admin/definitions", "/desk/admin/definitions/policy-initiative", "/desk/admin/jobs", "/desk/admin/operations",
    "/desk/admin/webhooks", "/desk/admin/webhooks/new",
  ],
};

/** Pages that answer with something else than 200, and with what. @type {Record<string, number>} */
const STATUS = {
  "/no-such-page": 404,
  "/en/no-such-page": 404,
  [`${FACILITY}?filter=area+%3E`]: 422,
  "/desk/admin": 404,
};

test("every page passes axe, fits its window and can be pressed", { timeout: 900_000 }, async (t) => {
  const city = await startCity(t);
  const first = await page(t);
  await signInAs(first, city, "kikaku");
  await publishFacilities(first, city);
  await first.goto(`${city.address}${FACILITY}`);
  const record = String(await first.locator("main table tbody th a").first().getAttribute("href"));
  await first.goto(`${city.address}/desk/policy`);
  const initiative = String(await first.locator('main a[href^="/desk/policy/0"]').first().getAttribute("href")).split("/").pop() ?? "";
  await first.context().close();

  /** @param {string} path */
  const resolved = (path) =>
    path.replace(/^RECORD\/explain/, `${FACILITY}/explain/${record.split("/").pop()}`).replace(/^RECORD/, record).replace("INITIATIVE", initiative);

  for (const width of [390, 1280]) {
    for (const [who, paths] of Object.entries(PAGES)) {
      await t.test(`${who} at ${width} px`, async (t) => {
        const tab = await page(t, { width });
        if (who !== "visitor") await signInAs(tab, city, /** @type {Exclude<Who, "visitor">} */ (who));
        /** What is wrong, of all pages at once. @type {string[]} */
        const wrong = [];
        for (const path of paths) {
          const answer = await tab.goto(city.address + resolved(path));
          const expected = (who === "admin" ? undefined : STATUS[path]) ?? 200;
          if (answer?.status() !== expected) wrong.push(`${path}: ${answer?.status()} instead of ${expected}`);
          await screenshot(tab, `pages/${who}${path.replace(/[^a-z0-9]+/gi, "-")}-${width}`);
          await expectAccessible(tab).catch((error) => wrong.push(error.message));
          if (width !== 1280) continue;
          // The widest screen, and 200 % on a small one: a page of 1280 px with everything twice as large has 640 px.
          for (const other of [1920, 640]) {
            await tab.setViewportSize({ width: other, height: 900 });
            await expectFitting(tab).catch((error) => wrong.push(`at ${other} px: ${error.message}`));
          }
          await tab.setViewportSize({ width, height: 900 });
        }
        assert.deepEqual(wrong, []);
      });
    }
  }
});
