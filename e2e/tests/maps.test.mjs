// Maps as people use them: an area is drawn with the mouse and with the keyboard alone, is saved, is found on the map of its ledger,
// narrowed, opened and printed. WebGL is drawn by software here (SwiftShader).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expectAccessible, page, screenshot } from "../lib/browser.mjs";
import { send, signInAs, startCity } from "../lib/city.mjs";

const ZONE = "/desk/ledgers/zone";

/** @param {import("playwright-core").Page} tab */
const ready = (tab) => tab.locator("[data-map-ready]").first().waitFor({ timeout: 60_000 });

/**
 * Presses the map at places given as shares of its width and height.
 *
 * @param {import("playwright-core").Page} tab
 * @param {[number, number][]} places
 */
async function press(tab, places) {
  const canvas = tab.locator(".maplibregl-canvas").first();
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  assert.ok(box);
  for (const [x, y] of places) {
    await tab.mouse.move(box.x + box.width * x, box.y + box.height * y);
    await tab.mouse.down();
    await tab.mouse.up();
    // Two presses within a short time are one double click.
    await tab.waitForTimeout(400);
  }
}

test("areas are drawn, found, narrowed, opened and printed", { timeout: 600_000 }, async (t) => {
  const city = await startCity(t, { residents: 60 });
  const setup = await page(t);
  await signInAs(setup, city, "kikaku");
  const toml = readFileSync(new URL("../lib/ledgers/zone.toml", import.meta.url), "utf8");
  const { status, path } = await send(setup, "/desk/ledgers/design/publish", { toml });
  assert.deepEqual([status, path], [200, ZONE]);

  for (const width of [1280, 390]) {
    await t.test(`an area is drawn with the pointer at ${width} px`, async (t) => {
      const tab = await page(t, { width });
      await signInAs(tab, city, "kikaku");
      await tab.goto(`${city.address}${ZONE}/new`);
      await tab.locator("#f-name").fill(`北の区域${width}`);
      await tab.getByLabel("使用中").check();
      await ready(tab);
      await press(tab, [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]]);
      const text = tab.locator("#f-extent");
      assert.equal(await text.inputValue(), "", "nothing is written before it is whole");
      assert.match(await tab.locator(".map-measure").innerText(), /面積 約[\d,.]+ ㎡/);
      await tab.getByRole("button", { name: "元に戻す" }).click();
      await press(tab, [[0.3, 0.7], [0.3, 0.3]]);
      assert.match(await text.inputValue(), /^POLYGON\(\((139\.\d+ 35\.\d+(, )?){5}\)\)$/);
      await screenshot(tab, `maps/drawn-${width}`);
      await expectAccessible(tab);
      await tab.getByRole("button", { name: "登録する" }).click();
      await tab.waitForURL(/done=created/);
      await ready(tab);
      await screenshot(tab, `maps/record-${width}`);
      await expectAccessible(tab);
    });
  }

  await t.test("the same is done with the keyboard alone", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${ZONE}/new`);
    await tab.locator("#f-name").fill("鍵盤の区域");
    await ready(tab);
    const canvas = tab.locator(".maplibregl-canvas").first();
    for (let steps = 0; steps < 60 && !(await canvas.evaluate((element) => element === document.activeElement)); steps++) {
      await tab.keyboard.press("Tab");
    }
    /** @param {string} key @param {number} times */
    const go = async (key, times) => {
      for (let n = 0; n < times; n++) await tab.keyboard.press(key);
    };
    await go("ArrowLeft", 4);
    await tab.keyboard.press("Enter");
    await go("ArrowRight", 8);
    await tab.keyboard.press("Enter");
    await go("ArrowDown", 5);
    await tab.keyboard.press("Enter");
    await go("ArrowLeft", 3);
    await tab.keyboard.press("Enter");
    await tab.keyboard.press("Backspace");
    await screenshot(tab, "maps/keyboard");
    await tab.keyboard.press("f");
    const text = tab.locator("#f-extent");
    const drawn = await text.inputValue();
    assert.equal(drawn.split(",").length, 4, `three corners and the first again: ${drawn}`);
    await tab.keyboard.press("Control+z");
    assert.equal(await text.inputValue(), "");
    await tab.keyboard.press("Control+y");
    assert.equal(await text.inputValue(), drawn);
    // A corner is taken hold of, moved and set down.
    await go("ArrowRight", 3);
    await tab.keyboard.press("Enter");
    await go("ArrowDown", 3);
    await tab.keyboard.press("Enter");
    assert.notEqual(await text.inputValue(), drawn);
    await tab.keyboard.press("Tab");
    assert.equal(await canvas.evaluate((element) => element === document.activeElement), false, "Tab leaves the map");
    await text.focus();
    await tab.getByRole("button", { name: "登録する" }).press("Enter");
    await tab.waitForURL(/done=created/);
  });

  await t.test("what is typed is drawn, and a mistake in it is said", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${ZONE}/new`);
    await ready(tab);
    await tab.locator("#f-extent").fill("35.43,139.42\n35.44,139.44\n35.43,139.44\n35.44,139.42");
    await tab.getByText("線が自分自身と交わっています").waitFor();
    await tab.locator("#f-extent").fill("ここ");
    await tab.getByText("図形として読み取れません").waitFor();
    await tab.locator("#f-extent").fill("35.43,139.42\n35.43,139.44\n35.45,139.44\n35.45,139.42");
    await tab.getByText(/面積 約[\d,]+ ㎡（\d+/).waitFor();
    await tab.locator("#f-name").fill("真ん中の区域");
    await tab.getByLabel("計画中").check();
    await tab.getByRole("button", { name: "登録する" }).click();
    await tab.waitForURL(/done=created/);
  });

  for (const width of [1280, 390]) {
    await t.test(`the map follows the list and leads to the record at ${width} px`, async (t) => {
      const tab = await page(t, { width });
      await signInAs(tab, city, "kikaku");
      await tab.goto(`${city.address}${ZONE}`);
      await tab.getByRole("link", { name: "地図", exact: true }).click();
      await ready(tab);
      const list = tab.locator("[data-map-list]");
      await list.getByText("表示中の範囲にある記録：4件").waitFor();
      await screenshot(tab, `maps/page-${width}`, false);
      await expectAccessible(tab);
      await tab.goto(`${city.address}${ZONE}/map?facet=state:planned&layers=town`);
      await ready(tab);
      await list.getByRole("link", { name: "真ん中の区域" }).waitFor();
      assert.equal(await list.getByRole("link", { name: "鍵盤の区域" }).count(), 0);
      await list.getByRole("link", { name: "大上一丁目" }).waitFor();
      await screenshot(tab, `maps/layers-${width}`, false);
      await tab.goto(`${city.address}${ZONE}/map?facet=state:planned`);
      await ready(tab);
      await list.getByText("表示中の範囲にある記録：1件").waitFor();
      await tab.waitForTimeout(500);
      await press(tab, [[0.5, 0.5]]);
      const popup = tab.locator(".map-popup");
      await popup.getByRole("link", { name: "真ん中の区域" }).waitFor();
      await screenshot(tab, `maps/popup-${width}`, false);
      await expectAccessible(tab);
      await popup.getByRole("link", { name: "真ん中の区域" }).click();
      await tab.getByRole("heading", { level: 1, name: "真ん中の区域" }).waitFor();
    });
  }

  await t.test("what is in view becomes a condition of the list, by the keyboard as well", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${ZONE}/map`);
    await ready(tab);
    await tab.locator(".maplibregl-canvas").first().focus();
    await tab.keyboard.press("Enter");
    await tab.locator(".map-popup").getByRole("link").first().waitFor();
    await tab.keyboard.press("Escape");
    await tab.getByRole("button", { name: "この範囲で絞り込む" }).click();
    await tab.waitForURL((url) => (url.searchParams.get("filter") ?? "").startsWith("S_INTERSECTS(extent"));
    await tab.getByRole("link", { name: /範囲が地図で選んだ範囲の中/ }).waitFor();
    await tab.getByRole("link", { name: "一覧", exact: true }).click();
    await tab.waitForURL((url) => url.pathname === ZONE && url.searchParams.has("filter"));
    await tab.getByRole("link", { name: /範囲が地図で選んだ範囲の中/ }).waitFor();
  });

  await t.test("the map comes as a paper, true to its scale", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${ZONE}/map`);
    await ready(tab);
    await tab.getByRole("link", { name: "地図を印刷" }).click();
    await tab.waitForURL((url) => url.searchParams.has("bbox"));
    await expectAccessible(tab);
    await tab.getByLabel("題名").fill("区域の図");
    await tab.getByLabel("縮尺").selectOption("10000");
    const address = await tab.locator("form[action$='print.pdf']").evaluate((form) => {
      const entries = [...new FormData(/** @type {HTMLFormElement} */ (form))].map(([name, value]) => [name, String(value)]);
      return `${/** @type {HTMLFormElement} */ (form).action}?${new URLSearchParams(entries)}`;
    });
    const pdf = await tab.request.get(address);
    assert.equal(pdf.status(), 200, await pdf.text());
    const file = join(city.data, "map.pdf");
    writeFileSync(file, await pdf.body());
    const text = execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8" });
    for (const word of ["区域の図", "凡例", "使用中", "縮尺 1/10,000", "500 m", "北", "国土数値情報", "深谷中一丁目"]) {
      assert.ok(text.includes(word), `${word} is not on the paper:\n${text}`);
    }
  });

  await t.test("without WebGL, and without a script, there is a sentence and the plain input", async (t) => {
    const tab = await page(t);
    await tab.addInitScript(() => {
      HTMLCanvasElement.prototype.getContext = /** @type {any} */ (() => null);
    });
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${ZONE}/new`);
    await tab.getByText("この端末では地図を表示できません").waitFor();
    assert.ok(await tab.locator("#f-extent").isVisible());
    await tab.goto(`${city.address}${ZONE}/map`);
    await tab.getByText("この端末では地図を表示できません").waitFor();
    await tab.getByRole("link", { name: "真ん中の区域" }).waitFor();
    await expectAccessible(tab);

    const plain = await page(t, { script: false });
    await signInAs(plain, city, "kikaku");
    await plain.goto(`${city.address}${ZONE}/map?facet=state:planned`);
    await plain.getByRole("link", { name: "真ん中の区域" }).waitFor();
    await plain.goto(`${city.address}${ZONE}/new`);
    await plain.locator("#f-name").fill("手で入れた区域");
    await plain.locator("#f-extent").fill("35.43,139.42\n35.43,139.44\n35.45,139.44");
    await plain.getByRole("button", { name: "登録する" }).click();
    await plain.waitForURL(/done=created/);
  });
});
