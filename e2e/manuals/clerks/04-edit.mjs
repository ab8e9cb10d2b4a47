import { FACILITY_LIST, addressOf, openFacility } from "../lib/sample.mjs";

/** The button at the foot of a form. @param {import("playwright-core").Page} tab */
const send = (tab) => tab.locator("main form .form-actions button.button-primary").last();

/** A picture of one dot, which is a whole file. */
const DOT = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "新しく登録する": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY_LIST}`);
    const add = tab.getByRole("link", { name: "新しく登録する" });
    await screen(tab, { 1: add });
    await add.click();
    await tab.waitForURL(/\/new/);
    const name = tab.locator("[name=name]");
    await name.fill("西見本公園");
    await tab.locator("[name=kind][value=park]").check();
    await screen(tab, { 2: name }, { bottom: tab.getByText("状態", { exact: true }).first() });
    const day = tab.locator("[name=inspected_on]");
    await day.fill("R8.6.20");
    await day.blur();
    await screen(tab, { 3: day }, { top: tab.locator("main legend, main h2", { hasText: /^点検$/ }) });
    await screen(tab, { 4: send(tab) });
    await send(tab).click();
    await tab.waitForURL(/done=/);
    await result(tab, { plain: true });
  },

  "内容を変える": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await openFacility(tab, city, "北見本公民館");
    const edit = tab.getByRole("link", { name: "編集する" });
    await screen(tab, { 1: edit }, { plain: true });
    await edit.click();
    await tab.waitForURL(/\/edit/);
    const cost = tab.locator("[name=cost]");
    await cost.fill("1300000");
    await screen(tab, { 2: cost }, { top: tab.getByText("延床面積", { exact: true }).first() });
    const reason = tab.locator("[name=__reason]");
    await reason.fill("見積りを取り直した");
    await screen(tab, { 3: reason, 4: send(tab) }, { top: tab.getByText("変更の理由", { exact: true }).first() });
    await send(tab).click();
    await tab.waitForURL(/done=saved/);
    await result(tab, { bottom: tab.getByText("修繕費", { exact: true }).first() });
  },

  "ほかの人が先に保存していたとき": async ({ city, as, screen, result }) => {
    const mine = await as("kikaku");
    const theirs = await as("shokuin");
    await openFacility(mine, city, "南見本公園");
    const record = addressOf(mine);
    await mine.goto(`${record}/edit`);
    await theirs.goto(`${record}/edit`);
    await theirs.locator("[name=cost]").fill("120000");
    await send(theirs).click();
    await theirs.waitForURL(/done=/);
    await mine.locator("[name=cost]").fill("110000");
    await send(mine).click();
    await mine.getByRole("heading", { level: 1, name: /2つの版/ }).waitFor();
    const theirCost = mine.locator("#take-cost-theirs");
    await theirCost.check();
    const save = mine.getByRole("button", { name: "選んだ内容で保存する" });
    await screen(mine, { 1: mine.locator("label[for=take-cost-theirs]").or(theirCost), 2: save });
    await save.click();
    await mine.waitForURL(/done=/);
    await result(mine, { plain: true });
  },

  "履歴を見て、前の内容に戻す": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await openFacility(tab, city, "北見本公民館");
    const history = tab.getByRole("link", { name: "履歴" });
    await screen(tab, { 1: history }, { plain: true });
    await history.click();
    await tab.waitForURL(/\/history/);
    const back = tab.getByRole("button", { name: "この版の内容に戻す" }).or(tab.getByText("この版の内容に戻す")).last();
    await screen(tab, { 2: tab.locator("main table").first(), 3: back }, { caption: "履歴" });
    await back.click();
    await confirmed(tab, "この版の内容に戻す");
    await tab.waitForURL(/done=/);
    await result(tab, { plain: true });
  },

  "記録を削除する": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await openFacility(tab, city, "東見本集会所");
    const away = tab.getByRole("link", { name: "この記録を削除する" });
    await screen(tab, { 1: away }, { plain: true });
    await away.click();
    const reason = tab.locator("[name=__reason]");
    await reason.fill("重複して登録したため");
    const remove = tab.getByRole("button", { name: "削除する" }).last();
    await screen(tab, { 2: reason, 3: remove });
    await remove.click();
    await tab.waitForURL(/done=deleted/);
    await result(tab, { plain: true });
  },

  "削除した記録を戻す": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY_LIST}`);
    const menu = tab.locator("summary", { hasText: "表示：" });
    await menu.click();
    const deleted = tab.getByRole("link", { name: "削除した記録" });
    await screen(tab, { 1: menu, 2: deleted });
    await deleted.click();
    await tab.locator("main table tbody th a").first().click();
    const restore = tab.getByRole("link", { name: "復元する" });
    await screen(tab, { 3: restore });
    await restore.click();
    await tab.getByRole("button", { name: "復元する" }).click();
    await tab.waitForURL(/done=restored/);
    await result(tab, { plain: true });
  },

  "写真やファイルを付ける": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await openFacility(tab, city, "北見本公民館");
    await tab.getByRole("link", { name: "編集する" }).click();
    const field = tab.locator("input[type=file][name=photos]");
    await field.setInputFiles({ name: "玄関.png", mimeType: "image/png", buffer: DOT });
    await screen(tab, { 1: field }, { top: tab.getByText("写真・図面", { exact: true }).first() });
    await screen(tab, { 2: send(tab) }, { plain: true });
    await send(tab).click();
    await tab.waitForURL(/done=saved/);
    await result(tab, { plain: true });
  },
};

/** Says yes where the page asks once more. @param {import("playwright-core").Page} tab @param {string} name */
async function confirmed(tab, name) {
  const again = tab.locator("dialog[open]").getByRole("button", { name }).or(tab.locator("main form .form-actions button.button-primary"));
  await again.first().click();
}
