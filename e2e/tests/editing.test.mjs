// A clerk at work on records: finding, changing and looking back, two people at once, a session that ends in the middle, and
// Japanese input. One city serves all stories.

import assert from "node:assert/strict";
import { test } from "node:test";
import { expectAccessible, page } from "../lib/browser.mjs";
import { publishFacilities, signInAs, startCity } from "../lib/city.mjs";

const FACILITY = "/desk/ledgers/facility";

/**
 * The address of a record, found by its name.
 *
 * @param {import("playwright-core").Page} tab
 * @param {import("../lib/city.mjs").City} city
 * @param {string} name
 */
async function recordOf(tab, city, name) {
  await tab.goto(`${city.address}${FACILITY}?q=${encodeURIComponent(name)}`);
  return city.address + (await tab.locator("main table tbody th a").first().getAttribute("href"));
}

/** @param {import("playwright-core").Page} tab */
const save = (tab) => tab.locator("main form .form-actions button.button-primary").click();

test("records are edited", { timeout: 600_000 }, async (t) => {
  const city = await startCity(t, { residents: 60 });
  const setup = await page(t);
  await signInAs(setup, city, "kikaku");
  await publishFacilities(setup, city);

  for (const script of [true, false]) {
    await t.test(`a clerk finds, changes and looks back ${script ? "with" : "without"} JavaScript`, async (t) => {
      const tab = await page(t, { script });
      await signInAs(tab, city, "kikaku");
      const record = await recordOf(tab, city, "中央小");
      await tab.goto(`${record}/edit`);
      await tab.locator("[name=remarks]").fill("<b>太字</b>ではない\n二行目");
      await tab.locator("[name=inspected_on]").fill("令和元年5月2日");
      await save(tab);
      await tab.waitForURL((url) => url.searchParams.has("done"));
      const said = await tab.locator("main").innerText();
      assert.match(said, /<b>太字<\/b>ではない/);
      assert.match(said, /令和元年5月2日/);
      await tab.goto(`${record}/history`);
      assert.match(await tab.locator("main").innerText(), /<b>太字<\/b>ではない/);
      // The next round begins from the same state.
      await tab.goto(`${record}/edit`);
      await tab.locator("[name=inspected_on]").fill("2019-05-01");
      await tab.locator("[name=remarks]").fill("");
      await save(tab);
      await tab.waitForURL((url) => url.searchParams.has("done"));
    });
  }

  await t.test("two people change the same record: both versions are shown, and nothing is lost", async (t) => {
    const mine = await page(t);
    const theirs = await page(t);
    await signInAs(mine, city, "kikaku");
    await signInAs(theirs, city, "shokuin");
    const record = await recordOf(mine, city, "北公民館");
    await mine.goto(`${record}/edit`);
    await theirs.goto(`${record}/edit`);
    await theirs.locator("[name=cost]").fill("2000000");
    await theirs.locator("[name=phone]").fill("0467-70-5600");
    await save(theirs);
    await theirs.waitForURL((url) => url.searchParams.has("done"));
    await mine.locator("[name=cost]").fill("1500000");
    await mine.locator("[name=remarks]").fill("屋根を見た");
    await save(mine);
    await mine.getByRole("heading", { level: 1, name: /2つの版/ }).waitFor();
    await expectAccessible(mine);
    const said = await mine.locator("main").innerText();
    for (const text of ["1,500,000", "2,000,000", "0467-70-5600", "屋根を見た"]) assert.match(said, new RegExp(text));
    // Field by field: their amount, the own remark; their telephone number is theirs by default.
    await mine.locator("#take-cost-theirs").check();
    await mine.getByRole("button", { name: "選んだ内容で保存する" }).click();
    await mine.waitForURL((url) => url.searchParams.has("done"));
    const merged = await mine.locator("main").innerText();
    for (const text of ["2,000,000", "0467-70-5600", "屋根を見た"]) assert.match(merged, new RegExp(text));
    assert.doesNotMatch(merged, /1,500,000/);
  });

  await t.test("a session that ends while somebody types keeps what was typed", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    const record = await recordOf(tab, city, "南公園");
    await tab.goto(`${record}/edit`);
    await tab.locator("[name=remarks]").fill("ブランコの鎖を替えた");
    await tab.context().clearCookies();
    await save(tab);
    await tab.locator("input[name=login]").waitFor();
    await expectAccessible(tab);
    await tab.locator("input[name=login]").fill("kikaku");
    await tab.locator("input[name=password]").fill("kingfisher by the river");
    await tab.locator("input[name=password]").press("Enter");
    await tab.getByRole("button", { name: "入力した内容を送る" }).click();
    await tab.waitForURL((url) => url.searchParams.has("done"));
    assert.match(await tab.locator("main").innerText(), /ブランコの鎖を替えた/);
  });

  await t.test("a tab that is closed by mistake offers what was typed, rows and references too", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${FACILITY}/new`);
    await tab.locator("[name=name]").fill("途中の施設");
    await tab.getByRole("button", { name: "行を追加" }).click();
    await tab.getByRole("button", { name: "行を追加" }).click();
    await tab.locator("[name='findings.1.what']").fill("手すりのさび");
    await tab.locator("#f-department-search").fill("企画");
    await tab.locator("#f-department-list [role=option]").first().click();
    const department = await tab.locator("#f-department-search").inputValue();
    await tab.waitForTimeout(600);
    tab.once("dialog", (dialog) => void dialog.accept());
    await tab.goto(`${city.address}/desk`);
    await tab.goto(`${city.address}${FACILITY}/new`);
    await tab.getByText("前回の入力の途中から再開しました").waitFor();
    assert.equal(await tab.locator("[name=name]").inputValue(), "途中の施設");
    assert.equal(await tab.locator("[name='findings.1.what']").inputValue(), "手すりのさび");
    await tab.waitForFunction(
      (wanted) => /** @type {HTMLInputElement | null} */ (document.querySelector("#f-department-search"))?.value === wanted,
      department,
    );
    await tab.getByRole("button", { name: "途中の入力を破棄する" }).click();
    assert.equal(await tab.locator("[name=name]").inputValue(), "");
    assert.equal(await tab.locator("[name='findings.1.what']").count(), 0);
  });

  await t.test("Enter that confirms a kana conversion never sends the form", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}/desk`);
    const box = tab.locator("#header-search");
    const ime = await tab.context().newCDPSession(tab);
    const compose = () => ime.send("Input.imeSetComposition", { text: "こうえん", selectionStart: 4, selectionEnd: 4 });
    const confirm = () => ime.send("Input.insertText", { text: "公園" });
    /** @param {number} code the old key code: 229 says that the key belongs to the input method */
    const enter = (code) =>
      ime.send("Input.dispatchKeyEvent", { type: "keyDown", key: "Enter", code: "Enter", windowsVirtualKeyCode: code, text: "\r" });
    // Chrome and Edge send the key within the composition; Safari ends the composition first and then sends the key with 229.
    // Each of these sends the form where nothing stands in the way.
    for (const steps of [[compose, () => enter(229), confirm], [compose, () => enter(13), confirm], [compose, confirm, () => enter(229)]]) {
      await box.fill("");
      for (const step of steps) await step();
      await tab.waitForTimeout(200);
      assert.equal(new URL(tab.url()).pathname, "/desk", "the conversion's Enter must not search");
      assert.equal(await box.inputValue(), "公園");
    }
    // The next Enter is the person's own.
    await box.press("Enter");
    await tab.waitForURL((url) => url.pathname === "/desk/search");
    assert.match(await tab.locator("main").innerText(), /南公園/);
  });

  await t.test("two characters are found, width and kana are folded, variants survive, sorting follows kana", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    for (const word of ["消防", "髙橋", "高橋", "わたなべ", "ﾜﾀﾅﾍﾞ", "葛󠄀城"]) {
      await tab.goto(`${city.address}${FACILITY}?q=${encodeURIComponent(word)}`);
      assert.ok((await tab.locator("main table tbody tr").count()) >= 1, `「${word}」 is found`);
    }
    await tab.goto(`${city.address}${FACILITY}?sort=keeper`);
    const keepers = await tab.locator('main table td[data-label="管理者"]').allInnerTexts();
    assert.deepEqual(keepers.map((name) => name.slice(0, 2)), ["阿部", "伊藤", "髙橋", "渡邉"]);
    await tab.goto(`${await recordOf(tab, city, "南公園")}/edit`);
    assert.equal(await tab.locator("[name='keeper.name']").inputValue(), "髙橋 次郎");
    // The variation selector of 葛󠄀 goes through the form and back.
    await tab.goto(`${await recordOf(tab, city, "消防団")}/edit`);
    await tab.locator("[name=cost]").fill("460000");
    await save(tab);
    await tab.waitForURL((url) => url.searchParams.has("done"));
    assert.match(await tab.locator("main").innerText(), /葛\u{E0100}城/u);
  });

  await t.test("dates are entered and said in the Japanese calendar", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${FACILITY}/new`);
    const said = tab.locator("#f-inspected_on ~ output");
    for (const [typed, shown] of [
      ["令和元年5月1日", "令和元年5月1日（水）"],
      ["Ｒ１．５．１", "令和元年5月1日（水）"],
      ["H31.4.30", "平成31年4月30日（火）"],
      ["平成31年5月1日", ""],
    ]) {
      await tab.locator("[name=inspected_on]").fill(typed ?? "");
      assert.equal(await said.textContent(), shown, typed);
    }
    await tab.locator("[name=name]").fill("和暦の試し");
    await tab.locator("[name=kind][value=park]").check();
    await save(tab);
    await tab.locator(".error-summary").waitFor();
    assert.match(await tab.locator(".error-summary").innerText(), /点検日/);
    await tab.locator("[name=inspected_on]").fill("R元.5.1");
    await save(tab);
    await tab.waitForURL((url) => url.searchParams.has("done"));
    assert.match(await tab.locator("main").innerText(), /令和元年5月1日/);
  });

  await t.test("everything can be done from the keyboard, and the keys are listed", async (t) => {
    const tab = await page(t);
    await signInAs(tab, city, "kikaku");
    await tab.goto(`${city.address}${FACILITY}`);
    await tab.locator("body").press("?");
    const help = tab.locator("dialog[data-shortcut-help]");
    await help.waitFor();
    for (const words of ["新しく登録する", "この台帳を検索", "条件で絞り込む"]) assert.match(await help.innerText(), new RegExp(words));
    await expectAccessible(tab);
    await tab.keyboard.press("Escape");
    await tab.locator("body").press("c");
    await tab.waitForURL((url) => url.pathname === `${FACILITY}/new`);
    await tab.locator("[name=name]").focus();
    await tab.keyboard.type("c?");
    assert.equal(await tab.locator("[name=name]").inputValue(), "c?", "no shortcut while something is typed");
    // A reference is chosen with the arrow keys.
    await tab.locator("#f-department-search").focus();
    await tab.keyboard.type("企画");
    await tab.locator("#f-department-list [role=option]").first().waitFor();
    await tab.keyboard.press("ArrowDown");
    await tab.keyboard.press("Enter");
    assert.match(await tab.locator("[name=department]").inputValue(), /^[0-9a-f-]{36}$/);
    assert.equal(new URL(tab.url()).pathname, `${FACILITY}/new`, "Enter took the suggestion and sent nothing");
    // The first press of Tab leads past the navigation.
    await tab.goto(`${city.address}${FACILITY}`);
    await tab.keyboard.press("Tab");
    assert.equal(await tab.evaluate(() => document.activeElement?.getAttribute("href")), "#main");
    await tab.keyboard.press("Enter");
    assert.equal(await tab.evaluate(() => document.activeElement?.id), "main");
  });
});
