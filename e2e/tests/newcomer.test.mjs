// A newcomer's hour: sign in, read the board, import the paper, make a ledger from a spreadsheet, find a record, see its history,
// export it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { expectAccessible, page } from "../lib/browser.mjs";
import { signInAs, startCity } from "../lib/city.mjs";

const PAPER = new URL("../../systems/policy/tests/data/department-policy-fy2021.txt", import.meta.url);

const SHEET = `品名,購入日,金額,数量,保管場所,状態,担当者のメール
ノートパソコン,令和3年5月1日,"128,000",12,企画課,使用中,kikaku@example.lg.jp
プロジェクター,2021-06-10,"64,500",2,会議室,使用中,somu@example.lg.jp
折りたたみ机,H30.4.1,"9,800",40,倉庫,保管,somu@example.lg.jp
発電機,R2.9.1,"215,000",3,防災倉庫,使用中,bosai@example.lg.jp
`;

test("a newcomer's hour", { timeout: 600_000 }, async (t) => {
  const city = await startCity(t, { residents: 60 });
  const tab = await page(t);

  await t.test("from the board to sign-in and back, with work waiting on the first page", async () => {
    await tab.goto(`${city.address}/`);
    await tab.getByRole("link", { name: "市役所の目標と進み具合" }).first().click();
    await tab.getByRole("heading", { level: 1 }).waitFor();
    await tab.goto(`${city.address}/desk/policy`);
    assert.equal(new URL(tab.url()).pathname, "/auth/sign-in");
    await tab.locator("input[name=login]").fill("kikaku");
    await tab.locator("input[name=password]").fill("wrong");
    await tab.locator("input[name=password]").press("Enter");
    await tab.locator("[role=alert], .error-summary").first().waitFor();
    assert.equal(await tab.locator("input[name=login]").inputValue(), "kikaku");
    await expectAccessible(tab);
    await tab.locator("input[name=password]").fill("kingfisher by the river");
    await tab.locator("input[name=password]").press("Enter");
    await tab.waitForURL((url) => url.pathname === "/desk/policy");
    assert.match(await tab.locator("main").innerText(), /紙文書の削減/);
    await tab.goto(`${city.address}/desk`);
    await tab.getByRole("link", { name: /自分の部局で期限を過ぎた取り組み/ }).click();
    await tab.waitForURL((url) => url.searchParams.get("view") === "mine-overdue");
    assert.ok((await tab.locator("main table tbody tr").count()) >= 1);
  });

  await t.test("the paper is read, shown and taken in", async () => {
    await tab.goto(`${city.address}/desk/policy/import`);
    await tab.locator("input[type=file]").setInputFiles({ name: "方針書.txt", mimeType: "text/plain", buffer: readFileSync(PAPER) });
    await tab.getByRole("button", { name: "読み取って確かめる" }).click();
    await tab.locator("main form button.button-primary").waitFor();
    await expectAccessible(tab);
    assert.match(await tab.locator("main").innerText(), /72/);
    await tab.locator("main form button.button-primary").click();
    await tab.waitForURL((url) => url.pathname.startsWith("/desk/policy"));
    assert.match(await tab.locator("main").innerText(), /取り込/);
  });

  await t.test("a ledger is made from a spreadsheet, whose types are guessed", async () => {
    await tab.goto(`${city.address}/desk/ledgers/design`);
    await tab.locator("[name=title]").fill("備品の台帳");
    await tab.locator("[name=owner]").selectOption({ label: "企画課" });
    await tab.locator("[name=purpose]").fill("課で使う備品の置き場所と状態を共有するため");
    await tab.locator("[name=key]").fill("office-equipment");
    await tab.locator("input[type=file]").setInputFiles({ name: "備品.csv", mimeType: "text/csv", buffer: Buffer.from(SHEET) });
    await tab.getByRole("button", { name: "次へ" }).click();
    await tab.locator("[data-row]").first().waitFor();
    await expectAccessible(tab);
    const types = await tab.locator('select[name^="fields."][name$=".type"]').evaluateAll((all) => all.map((each) => /** @type {HTMLSelectElement} */ (each).value));
    assert.deepEqual(types.slice(0, 4), ["text", "date", "yen", "integer"]);
    assert.equal(types[6], "mail");
    // The last field is moved up by one, and a field is added.
    await tab.locator('button[name=_move_row][value="fields.6.up"]').click();
    await tab.locator('[name="fields.5.label"]').waitFor();
    assert.equal(await tab.locator('[name="fields.5.label"]').inputValue(), "担当者のメール");
    await tab.getByRole("button", { name: "行を追加" }).click();
    await tab.locator('[name="fields.7.label"]').fill("所管課");
    await tab.locator('[name="fields.7.type"]').selectOption("reference");
    await tab.locator('[name="fields.7.target"]').selectOption("department");
    await tab.getByRole("button", { name: "内容を確かめる" }).click();
    await tab.getByRole("button", { name: "公開する" }).waitFor();
    await expectAccessible(tab);
    await tab.getByRole("button", { name: "公開する" }).click();
    await tab.waitForURL((url) => url.pathname === "/desk/ledgers/office-equipment");
    await expectAccessible(tab);
    const [download] = await (async () => {
      await tab.goto(`${city.address}/desk/ledgers/office-equipment/design`);
      return Promise.all([tab.waitForEvent("download"), tab.getByRole("link", { name: "定義を保存（TOML）" }).click()]);
    })();
    const toml = readFileSync(String(await download.path()), "utf8");
    assert.match(toml, /key = "office-equipment"/);
    assert.match(toml, /target = "department"/);
  });

  await t.test("the sheet's rows are imported, a record is found, changed, looked back on and exported", async () => {
    await tab.goto(`${city.address}/desk/ledgers/office-equipment/import`);
    await tab.locator("input[type=file]").setInputFiles({ name: "備品.csv", mimeType: "text/csv", buffer: Buffer.from(SHEET) });
    await tab.getByRole("button", { name: "次へ" }).click();
    await tab.getByRole("button", { name: "試しに読む" }).click();
    await tab.getByRole("button", { name: /4件を取り込む/ }).click();
    await tab.getByText("取り込みました").first().waitFor();
    await tab.locator("#header-search").fill("発電機");
    await tab.locator("#header-search").press("Enter");
    await tab.getByRole("link", { name: /発電機/ }).first().click();
    await tab.getByRole("link", { name: "編集する" }).click();
    await tab.getByLabel("保管場所").fill("第二防災倉庫");
    await tab.locator("[name=__reason]").fill("移した");
    await tab.getByRole("button", { name: "保存する" }).last().click();
    await tab.waitForURL((url) => url.searchParams.get("done") === "saved");
    await tab.getByRole("link", { name: "履歴" }).click();
    const history = await tab.locator("main").innerText();
    for (const piece of ["第2版", "移した", "防災倉庫", "第二防災倉庫"]) assert.match(history, new RegExp(piece));
    await tab.goto(`${city.address}/desk/ledgers/office-equipment/export`);
    const [download] = await Promise.all([tab.waitForEvent("download"), tab.getByRole("button", { name: "書き出す" }).click()]);
    const bytes = readFileSync(String(await download.path()));
    assert.equal(bytes.subarray(0, 2).toString(), "PK");
    assert.match(download.suggestedFilename(), /^備品の台帳_\d{8}\.xlsx$/);
  });

  await t.test("a ledger is begun from nothing but names", async (t) => {
    const other = await page(t, { script: false, width: 390 });
    await signInAs(other, city, "shokuin");
    await other.goto(`${city.address}/desk/ledgers/design`);
    await other.getByRole("button", { name: "次へ" }).last().click();
    assert.match(await other.locator(".error-summary").innerText(), /台帳の名前/);
    await other.locator("[name=title]").fill("要望の受付");
    await other.locator("[name=owner]").selectOption({ label: "道路管理課" });
    await other.locator("[name=purpose]").fill("道路の要望を受け、答えるため");
    await other.locator("[name=lines]").fill("件名\n受付日\n内容\n対応の期限");
    await other.getByRole("button", { name: "次へ" }).last().click();
    assert.equal(await other.locator('[name="fields.1.type"]').inputValue(), "date");
    await other.getByRole("button", { name: "内容を確かめる" }).last().click();
    await other.getByRole("button", { name: "公開する" }).click();
    assert.match(await other.locator("main").innerText(), /最初の記録を登録/);
  });
});
