// The gallery of components: axe finds nothing at any width, and the comforts of the script do what they say.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { expectAccessible, page, screenshot } from "../lib/browser.mjs";
import { serveFolder } from "../lib/files.mjs";

const TOP = join(dirname(fileURLToPath(import.meta.url)), "../..");
const GALLERY = join(TOP, "target/gallery");
const LANGS = ["ja", "ja-easy", "en", "vi"];

const write = ["run", "--quiet", "--locked", "-p", "kawasemi-ui", "--example", "gallery"];
execFileSync("cargo", write, { cwd: TOP, stdio: ["ignore", "ignore", "inherit"] });
const names = readdirSync(join(GALLERY, "ja")).map((name) => name.replace(".html", ""));

for (const width of [390, 1280]) {
  test(`axe finds nothing at ${width} px`, { timeout: 300_000 }, async (t) => {
    const address = await serveFolder(t, GALLERY);
    const tab = await page(t, { width });
    for (const lang of LANGS) {
      for (const name of names) {
        await tab.goto(`${address}/${lang}/${name}.html`);
        await screenshot(tab, `gallery/${name}-${lang}-${width}`);
        await expectAccessible(tab);
      }
    }
  });
}

test("no page is wider than its window, from 320 to 1920 px", { timeout: 120_000 }, async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t);
  for (const width of [320, 640, 1024, 1920]) {
    await tab.setViewportSize({ width, height: 900 });
    for (const name of names) {
      await tab.goto(`${address}/vi/${name}.html`);
      const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${name} at ${width} px is ${wide} px wide`);
      if (width === 1920) await screenshot(tab, `gallery/${name}-vi-${width}`);
    }
  }
});

test("targets are at least 24 px, buttons and fields 44 px", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t, { width: 390 });
  for (const name of names) {
    await tab.goto(`${address}/ja/${name}.html`);
    const small = await tab.evaluate(() =>
      [...document.querySelectorAll(".button, .input, .option, .page-nav a, .tabs a, .link-list a, .cell-check label")]
        .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 43.5)
        .map((element) => `${element.className} ${element.textContent?.trim()} ${element.getBoundingClientRect().height}`),
    );
    assert.deepEqual(small, [], name);
  }
});

test("the Japanese date is said beside what is typed", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t);
  await tab.goto(`${address}/ja/form.html`);
  await tab.getByLabel("開始日", { exact: false }).first().fill("R8.4.1");
  assert.equal(await tab.locator("#f-start ~ output").textContent(), "令和8年4月1日（水）");
});

test("rows are added and removed without losing the focus", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t);
  await tab.goto(`${address}/ja/form.html`);
  await tab.getByRole("button", { name: "行を追加" }).click();
  assert.equal(await tab.evaluate(() => document.activeElement?.id), "f-items.1.item");
  await tab.keyboard.type("すべり台");
  await tab.locator("#f-items\\.1\\.inspected").fill("令和元年5月1日");
  assert.equal(await tab.locator("#f-items\\.1\\.inspected ~ output").textContent(), "令和元年5月1日（水）");
  await expectAccessible(tab);
  await tab.getByRole("button", { name: "この行を削除" }).last().click();
  assert.equal(await tab.locator("[data-row]").count(), 1);
  assert.equal(await tab.evaluate(() => document.activeElement?.id), "f-items.0.item");
});

test("what was typed is offered again, and can be discarded", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t);
  tab.on("dialog", (dialog) => dialog.accept());
  await tab.goto(`${address}/ja/form.html`);
  await tab.locator("#f-title").pressSequentially("遊具の点検");
  await tab.waitForTimeout(600);
  await tab.reload();
  assert.equal(await tab.locator("#f-title").inputValue(), "遊具の点検");
  await expectAccessible(tab);
  await tab.getByRole("button", { name: "途中の入力を破棄する" }).click();
  assert.equal(await tab.locator("#f-title").inputValue(), "");
});

test("rows of a list are chosen by range, and the bar says how many", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t);
  await tab.goto(`${address}/ja/list.html`);
  const boxes = tab.locator("input[data-select-row]");
  assert.equal(await tab.locator("[data-bulk-bar]").isVisible(), false);
  await boxes.nth(0).click();
  await boxes.nth(2).click({ modifiers: ["Shift"] });
  assert.equal(await tab.locator("[data-bulk-count]").textContent(), "3件を選択中");
  await boxes.nth(2).focus();
  await tab.keyboard.press("Shift+ArrowDown");
  assert.equal(await tab.locator("[data-bulk-count]").textContent(), "4件を選択中");
  assert.equal(await tab.locator("input[data-select-all]").isChecked(), true);
  await expectAccessible(tab);
});

test("a column can be hidden on this machine", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t);
  await tab.goto(`${address}/ja/list.html`);
  await tab.locator("[data-column-menu] summary").click();
  await tab.locator("[data-column-menu]").getByLabel("所在地").uncheck();
  await tab.reload();
  assert.equal(await tab.locator("th[data-column=address]").isVisible(), false);
});

test("a dangerous button asks first, with the careful answer in focus", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t);
  await tab.goto(`${address}/ja/desk.html`);
  await tab.getByRole("button", { name: "削除する" }).click();
  assert.equal(await tab.evaluate(() => document.activeElement?.textContent), "キャンセル");
  await expectAccessible(tab);
  await tab.keyboard.press("Enter");
  assert.match(tab.url(), /desk\.html/);
  await tab.getByRole("button", { name: "削除する" }).click();
  await tab.locator("dialog[open]").getByRole("button", { name: "削除する" }).click();
  await tab.waitForURL(/form\.html/);
});

test("shortcuts lead places, show themselves, and can be switched off", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t);
  await tab.goto(`${address}/ja/desk.html`);
  await tab.keyboard.press("Shift+?");
  assert.match((await tab.locator("dialog[open] dl").textContent()) ?? "", /g l\s*台帳/);
  await expectAccessible(tab);
  await tab.keyboard.press("Escape");
  await tab.keyboard.press("/");
  assert.equal(await tab.evaluate(() => document.activeElement?.id), "header-search");
  await tab.keyboard.type("g l?");
  assert.match(tab.url(), /desk\.html/);
  await tab.locator("h1").click();
  await tab.keyboard.press("g");
  await tab.keyboard.press("l");
  await tab.waitForURL(/list\.html/);
});

test("a record is found by searching in its field", async (t) => {
  const address = await serveFolder(t, GALLERY, (request) => {
    if (!request.url?.startsWith("/lookup?q=")) return undefined;
    const item = (/** @type {string} */ id, /** @type {string} */ label) =>
      `<li role="option" aria-selected="false" data-value="${id}" data-label="${label}"><span>${label}</span></li>`;
    return { type: "text/html; charset=utf-8", body: item("7", "道路管理課") + item("8", "道路整備課") };
  });
  const tab = await page(t);
  await tab.goto(`${address}/ja/form.html`);
  const search = tab.getByRole("combobox", { name: "担当課を検索" });
  await search.fill("道路");
  await tab.locator("[role=listbox]:visible").waitFor();
  await expectAccessible(tab);
  await search.press("ArrowDown");
  await search.press("ArrowDown");
  await search.press("Enter");
  assert.equal(await search.inputValue(), "道路整備課");
  assert.equal(await tab.locator("input[name=department]").inputValue(), "8");
});

test("Enter that confirms a conversion does not send the form", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t);
  await tab.goto(`${address}/ja/form.html`);
  await tab.locator("#f-title").focus();
  const protocol = await tab.context().newCDPSession(tab);
  await protocol.send("Input.imeSetComposition", { text: "こうえん", selectionStart: 4, selectionEnd: 4 });
  const sent = await tab.evaluate(() => {
    let sent = 0;
    document.addEventListener("submit", (event) => { sent += 1; event.preventDefault(); });
    const input = document.getElementById("f-title");
    input?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, isComposing: true, bubbles: true, cancelable: true }));
    /** @type {HTMLFormElement | null | undefined} */ (input?.closest("form"))?.requestSubmit();
    return sent;
  });
  assert.equal(sent, 0);
  await protocol.send("Input.insertText", { text: "公園" });
  await tab.waitForTimeout(100);
  const later = await tab.evaluate(() => {
    let sent = 0;
    document.addEventListener("submit", (event) => { sent += 1; event.preventDefault(); });
    /** @type {HTMLFormElement | null | undefined} */ (document.getElementById("f-title")?.closest("form"))?.requestSubmit();
    return sent;
  });
  assert.equal(later, 1);
});

test("without a script nothing that needs one is shown, and all fields can be used", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t, { script: false });
  await tab.goto(`${address}/ja/form.html`);
  assert.equal(await tab.locator(".needs-script:visible").count(), 0);
  assert.equal(await tab.locator("input[name=department]").isVisible(), true);
  await tab.goto(`${address}/ja/list.html`);
  assert.equal(await tab.locator("[data-bulk-bar]").isVisible(), true);
  await screenshot(tab, "gallery/list-ja-no-script");
});

test("on paper the navigation stays away", async (t) => {
  const address = await serveFolder(t, GALLERY);
  const tab = await page(t, { width: 700 });
  await tab.emulateMedia({ media: "print" });
  for (const name of ["record", "board", "list"]) {
    await tab.goto(`${address}/ja/${name}.html`);
    assert.equal(await tab.locator(".page-header:visible, .page-nav:visible, .button:visible").count(), 0);
    await screenshot(tab, `gallery/${name}-ja-print`);
  }
});
