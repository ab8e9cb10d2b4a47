// A list at work: conditions without knowing CQL2, views that are saved and shared, many records changed at once and taken
// back, the printed sheet. One city serves all stories.

import assert from "node:assert/strict";
import { test } from "node:test";
import { expectAccessible, page } from "../lib/browser.mjs";
import { publishFacilities, signInAs, startCity } from "../lib/city.mjs";

const FACILITY = "/desk/ledgers/facility";

/** @param {import("playwright-core").Page} tab */
const names = (tab) => tab.locator("main table tbody th").allInnerTexts();

test("lists are narrowed, kept and changed", { timeout: 600_000 }, async (t) => {
  const city = await startCity(t, { residents: 60 });
  const setup = await page(t);
  await signInAs(setup, city, "kikaku");
  await publishFacilities(setup, city);

  for (const script of [true, false]) {
    await t.test(`somebody who knows no CQL2 narrows a list ${script ? "with" : "without"} JavaScript`, async (t) => {
      const tab = await page(t, { script, width: 390 });
      await signInAs(tab, city, "kikaku");
      await tab.goto(`${city.address}${FACILITY}`);
      /** @param {string} field @param {string} way @param {string} value */
      const narrow = async (field, way, value) => {
        await tab.getByRole("link", { name: /^条件/ }).first().click();
        await tab.locator("#f-c_field").selectOption(field);
        if (!script) await tab.getByRole("button", { name: "次へ" }).click();
        await tab.locator("#f-c_way").selectOption(way);
        await tab.locator("[name=c_value]").first().fill(value);
        await tab.getByRole("button", { name: "この条件で絞り込む" }).click();
        await tab.waitForURL((url) => url.pathname === FACILITY && (url.searchParams.get("filter") ?? "").includes(field));
      };
      await narrow("cost", "from", "４５０，０００円");
      assert.deepEqual(await names(tab), ["北公民館", "消防団詰所"]);
      await narrow("name", "has-not", "消防");
      assert.deepEqual(await names(tab), ["北公民館"]);
    });
  }

  await t.test("the menus of a list lie within a phone's window, and the best hits come first when chosen", async (t) => {
    const tab = await page(t, { width: 390 });
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${FACILITY}?q=${encodeURIComponent("公")}`);
    for (const name of [/^表示/, /^列と件数/, /^並び/]) {
      const menu = tab.locator("main details.menu", { has: tab.locator("summary", { hasText: name }) });
      await menu.locator("summary").click();
      const panel = await menu.locator(".menu-panel").boundingBox();
      assert.ok(panel && panel.x >= 0 && panel.x + panel.width <= 390, `${name}: ${JSON.stringify(panel)}`);
      await menu.locator("summary").click();
    }
    await tab.locator("summary", { hasText: /^並び/ }).click();
    await tab.getByRole("link", { name: "関連度の高い順" }).click();
    await tab.waitForURL((url) => url.searchParams.get("rank") === "1");
    assert.equal((await names(tab)).length, 2);
    await expectAccessible(tab);
  });

  await t.test("conditions are said in words and taken back one by one", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${FACILITY}`);
    await tab.getByRole("link", { name: "条件で絞り込む" }).click();
    await tab.locator("#f-c_field").selectOption("inspected_on");
    await tab.locator("#f-c_way").selectOption("from");
    await tab.locator("[name=c_value]").first().fill("令和8年4月1日");
    await expectAccessible(tab);
    await tab.getByRole("button", { name: "この条件で絞り込む" }).click();
    await tab.waitForURL((url) => url.searchParams.has("filter"));
    assert.deepEqual(await names(tab), ["北公民館", "南公園"]);
    await tab.getByRole("link", { name: "条件を加える・直す" }).click();
    await tab.locator("#f-c_field").selectOption("state");
    await tab.locator("#f-c_way").selectOption("not");
    await tab.locator("[name=c_value]").first().selectOption("repair");
    await tab.getByRole("button", { name: "この条件で絞り込む" }).click();
    await tab.waitForURL((url) => (url.searchParams.get("filter") ?? "").includes("state"));
    assert.deepEqual(await names(tab), ["南公園"]);
    await tab.getByRole("link", { name: /点検日がR8\.4\.1以降/ }).click();
    await tab.waitForURL((url) => !(url.searchParams.get("filter") ?? "").includes("inspected_on"));
    assert.deepEqual((await names(tab)).sort(), ["中央小学校", "南公園"].sort());
    await tab.getByRole("link", { name: /状態が「要修繕」でない/ }).click();
    await tab.waitForURL((url) => !url.searchParams.has("filter"));
    // A value that can't be read is said where it was typed, and nothing is lost.
    await tab.goto(`${city.address}${FACILITY}/condition?c_field=cost&c_way=from&c_value=%E5%A4%9A%E3%81%84&add=1`);
    assert.equal(await tab.locator("[name=c_value]").inputValue(), "多い");
    assert.equal(await tab.locator("[name=c_value]").getAttribute("aria-invalid"), "true");
  });

  await t.test("a view is saved, shared, used by somebody else, and deleted", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${FACILITY}?filter=${encodeURIComponent("state = 'repair'")}&sort=-cost&columns=name,cost`);
    await tab.locator("summary", { hasText: "表示：" }).click();
    await tab.getByRole("link", { name: "今の表示を保存" }).click();
    await tab.locator("[name=title]").fill("直すところ（高い順）");
    await tab.locator("[name=shared][value=true]").check();
    await expectAccessible(tab);
    await tab.getByRole("button", { name: "表示を保存する" }).click();
    await tab.waitForURL((url) => url.searchParams.has("view"));
    assert.deepEqual(await names(tab), ["北公民館", "消防団詰所"]);
    const other = await page(t);
    await signInAs(other, city, "shokuin");
    await other.goto(`${city.address}${FACILITY}`);
    await other.locator("summary", { hasText: "表示：" }).click();
    await other.getByRole("link", { name: /直すところ/ }).click();
    await other.waitForURL((url) => url.searchParams.has("view"));
    assert.deepEqual(await names(other), ["北公民館", "消防団詰所"]);
    await tab.goto(`${city.address}${FACILITY}/views`);
    await tab.locator("summary", { hasText: "直すところ" }).click();
    await expectAccessible(tab);
    await tab.getByRole("button", { name: "削除する" }).first().click();
    await tab.locator("dialog").getByRole("button", { name: "削除する" }).click();
    await tab.waitForURL((url) => url.searchParams.get("done") === "deleted");
    assert.doesNotMatch(await tab.locator("main").innerText(), /直すところ/);
  });

  await t.test("records that are ticked are changed together and the whole is taken back", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${FACILITY}`);
    const boxes = tab.locator("input[data-select-row]");
    await boxes.nth(0).check();
    // The arrow keys walk from box to box, Shift ticks on the way.
    await boxes.nth(0).focus();
    await tab.keyboard.press("Shift+ArrowDown");
    assert.match(await tab.locator("[data-bulk-count]").innerText(), /2件/);
    await tab.getByRole("button", { name: "選んだ記録をまとめて変更" }).click();
    await tab.getByLabel("状態", { exact: true }).check();
    await expectAccessible(tab);
    await tab.getByRole("button", { name: "次へ" }).click();
    await tab.getByLabel("良好").check();
    await tab.locator("main form button.button-primary").last().click();
    await tab.getByText("まとめて変更した結果").first().waitFor();
    await expectAccessible(tab);
    await tab.getByRole("button", { name: "取り消して元に戻す" }).click();
    await tab.locator("dialog").getByRole("button", { name: "取り消して元に戻す" }).click();
    await tab.getByText("取り消しました").first().waitFor();
    await tab.goto(`${city.address}${FACILITY}?facet=state:good`);
    assert.deepEqual(await names(tab), ["中央小学校"]);
  });

  await t.test("a record is deleted with a reason and brought back", async (t) => {
    const tab = await page(t, { width: 390 });
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${FACILITY}?q=${encodeURIComponent("消防")}`);
    await tab.locator("main table tbody th a").first().click();
    await tab.getByRole("link", { name: "この記録を削除する" }).click();
    await tab.getByRole("button", { name: "削除する" }).click();
    await tab.locator(".error-summary").waitFor();
    await tab.locator("[name=__reason]").fill("重複のため");
    await tab.getByRole("button", { name: "削除する" }).click();
    await tab.waitForURL((url) => url.searchParams.get("done") === "deleted");
    await tab.goto(`${city.address}${FACILITY}?deleted=1`);
    await tab.locator("main table tbody th a").first().click();
    await expectAccessible(tab);
    await tab.getByRole("link", { name: "復元する" }).click();
    await tab.getByRole("button", { name: "復元する" }).click();
    await tab.waitForURL((url) => url.searchParams.get("done") === "restored");
  });

  await t.test("records are printed, each on a sheet, and as a table", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${FACILITY}?facet=kind:hall`);
    await tab.getByRole("link", { name: "印刷", exact: true }).click();
    assert.equal(await tab.locator("article.sheet").count(), 2);
    await tab.evaluate(() => {
      window.print = () => document.body.setAttribute("data-printed", "");
    });
    await tab.getByRole("button", { name: "印刷する" }).click();
    assert.equal(await tab.locator("body[data-printed]").count(), 1);
    const pages = async () => (await tab.pdf({ preferCSSPageSize: true })).toString("latin1").match(/\/Type\s*\/Page\b/g)?.length;
    assert.equal(await pages(), 2, "a page for each record");
    await tab.getByRole("link", { name: "一覧表" }).click();
    assert.equal(await tab.locator(".sheet-list tbody tr").count(), 2);
    assert.equal(await pages(), 1);
  });
});
