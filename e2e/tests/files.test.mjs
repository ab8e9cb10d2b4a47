// Files of rows in and out: an import with bad rows and its undo, with and without JavaScript; files that can't be read; exports
// whose cells are harmless and whose lost characters are told. One city serves all stories.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { expectAccessible, page } from "../lib/browser.mjs";
import { publishFacilities, signInAs, startCity } from "../lib/city.mjs";

const FACILITY = "/desk/ledgers/facility";

/** Two good rows, two bad ones. The type of a kana name is half-width, as old systems write it. */
const ROWS = `施設名,区分,点検した日,修繕費,管理者
東集会所,公民館・集会所,R8.6.1,"1,000円",ｻﾄｳ ｼﾛｳ
西集会所,公民館・集会所,令和8年2月30日,2000,鈴木
<script>alert(1)</script>公園,公園,2026-06-02,,
北集会所,倉庫,2026-06-03,たくさん,
`;

/**
 * Uploads a file on the import page and says where its columns go.
 *
 * @param {import("playwright-core").Page} tab
 * @param {import("../lib/city.mjs").City} city
 */
async function uploadRows(tab, city) {
  await tab.goto(`${city.address}${FACILITY}/import`);
  await tab.locator("input[name=file]").setInputFiles({ name: "点検.csv", mimeType: "text/csv", buffer: Buffer.from(ROWS) });
  await tab.getByRole("button", { name: "次へ" }).click();
  await tab.waitForURL((url) => url.pathname.endsWith("/import/map"));
  await tab.getByLabel("「区分」を取り込む項目").selectOption("kind");
  await tab.getByLabel("「点検した日」を取り込む項目").selectOption("inspected_on");
}

test("files of rows go in and out", { timeout: 600_000 }, async (t) => {
  const city = await startCity(t, { residents: 60 });
  const setup = await page(t);
  await signInAs(setup, city, "kikaku");
  await publishFacilities(setup, city);

  for (const script of [true, false]) {
    await t.test(`a file with bad rows is tried, taken in without them and taken back ${script ? "with" : "without"} JavaScript`, async (t) => {
      const tab = await page(t, { script, width: script ? 1280 : 390 });
      await signInAs(tab, city, "kikaku");
      await uploadRows(tab, city);
      if (script) await expectAccessible(tab);
      await tab.getByRole("button", { name: "試しに読む" }).click();
      await tab.getByText("間違いのある行があります").first().waitFor();
      if (script) await expectAccessible(tab);
      const told = await tab.locator("main").innerText();
      // A line for each mistake: which row, which column, which value, what to do.
      for (const piece of ["3行目", "点検した日", "令和8年2月30日", "5行目", "倉庫", "たくさん"]) assert.match(told, new RegExp(piece));
      await tab.goBack();
      await tab.goForward();
      await tab.getByRole("button", { name: /飛ばして2件を取り込む/ }).click();
      await tab.getByText("飛ばして取り込みました").first().waitFor();
      await tab.goto(`${city.address}${FACILITY}?q=${encodeURIComponent("集会所")}`);
      assert.deepEqual(await tab.locator("main table tbody th").allInnerTexts(), ["東集会所"]);
      await tab.goto(`${city.address}${FACILITY}/import`);
      await tab.getByRole("button", { name: "取り消す" }).first().click();
      if (script) await tab.locator("dialog").getByRole("button", { name: "取り消す" }).click();
      await tab.getByText("取り消しました").first().waitFor();
      await tab.goto(`${city.address}${FACILITY}?q=${encodeURIComponent("東集会所")}`);
      assert.equal(await tab.locator("main table tbody th").count(), 0);
    });
  }

  await t.test("the way back from the trial keeps where columns go", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await uploadRows(tab, city);
    await tab.getByRole("button", { name: "試しに読む" }).click();
    await tab.getByRole("link", { name: "列の割り当てに戻る" }).click();
    assert.equal(await tab.getByLabel("「区分」を取り込む項目").inputValue(), "kind");
    assert.equal(await tab.getByLabel("「点検した日」を取り込む項目").inputValue(), "inspected_on");
  });

  await t.test("what is no table is refused with a sentence, and the page stays", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    for (const [name, content] of /** @type {[string, Buffer][]} */ ([
      ["写真.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 0])],
      ["空.csv", Buffer.alloc(0)],
      ["途中.xlsx", Buffer.from("PK\u0003\u0004broken")],
    ])) {
      await tab.goto(`${city.address}${FACILITY}/import`);
      await tab.locator("input[name=file]").setInputFiles({ name, mimeType: "application/octet-stream", buffer: content });
      await tab.getByRole("button", { name: "次へ" }).click();
      await tab.locator(".field-error").waitFor();
      assert.match(await tab.locator(".field-error").innerText(), new RegExp(name.replace(".", "\\.")));
      await expectAccessible(tab);
    }
  });

  await t.test("an export holds no formulas, and tells which characters Shift_JIS does not have", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    /** @param {string} name */
    const saved = async (name) => {
      const [download] = await Promise.all([tab.waitForEvent("download"), tab.getByRole(name.startsWith("書き出す") ? "button" : "link", { name }).click()]);
      return { name: download.suggestedFilename(), bytes: readFileSync(String(await download.path())) };
    };
    await tab.goto(`${city.address}${FACILITY}/export`);
    await tab.locator("select[name=format]").selectOption({ label: "CSV（UTF-8）" });
    await tab.getByLabel("和暦").check();
    const utf8 = await saved("書き出す");
    assert.match(utf8.name, /^施設点検_\d{8}\.csv$/);
    const text = utf8.bytes.toString("utf8");
    assert.ok(text.startsWith("\uFEFF"));
    assert.doesNotMatch(text, /(^|,)"?=1\+1/m, "a cell that looks like a formula is defused");
    for (const piece of ["令和元年5月1日", "葛󠄀城", "髙橋", "<b>太字</b>"]) assert.ok(text.includes(piece), piece);
    await tab.goto(`${city.address}${FACILITY}/export`);
    await tab.locator("select[name=format]").selectOption({ label: "CSV（Shift_JIS）" });
    await tab.getByRole("button", { name: "書き出す" }).click();
    await tab.getByText(/表せない文字が\d+字あります/).waitFor();
    assert.match(await tab.locator("main table").innerText(), /備考/);
    await expectAccessible(tab);
    const cp932 = await saved("代わりの文字で書き出す");
    assert.match(new TextDecoder("shift_jis").decode(cp932.bytes), /葛城/);
  });
});
