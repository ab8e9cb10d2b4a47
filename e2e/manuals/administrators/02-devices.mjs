/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "窓口端末を登録する": async ({ city, fresh, screen, result }) => {
    const { signInAs } = await import("../../lib/city.mjs");
    // A window of its own, which is a counter's machine from then on.
    const tab = await fresh();
    await signInAs(tab, city, "admin");
    await tab.goto(`${city.address}/desk/admin`);
    const open = tab.getByRole("link", { name: "窓口端末" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const name = tab.getByLabel("端末の名前");
    await name.fill("市民課 1番窓口");
    const send = tab.getByRole("button", { name: "この端末を登録する" });
    await screen(tab, { 2: name, 3: send });
    await send.click();
    await tab.getByText("この端末を窓口端末にしました").waitFor();
    await result(tab, { plain: true });
    await tab.close();
  },

  "外部の団体の契約を登録する": async ({ city, as, screen, result }) => {
    const keeper = await city.addUser("gaibu", "organisation-host");
    const tab = await as(keeper.name);
    await tab.goto(`${city.address}/desk/ledgers/outside-organisation`);
    const add = tab.getByRole("link", { name: "新しく登録する" });
    await screen(tab, { 1: add }, { plain: true });
    await add.click();
    const section = (/** @type {string} */ title) => tab.locator("main legend, main h2", { hasText: new RegExp(`^${title}$`) });
    const name = tab.locator("[name=name]");
    await name.fill("見本グリーン株式会社");
    await tab.locator("[name=kind]").first().check();
    await screen(tab, { 2: name });
    const end = tab.locator("[name=contract_until]");
    await end.fill("R9.3.31");
    await end.blur();
    await screen(tab, { 3: end }, { top: section("契約") });
    const person = tab.getByLabel(/^担当職員(?!（副）)/).first();
    await screen(tab, { 4: person }, { top: section("市の担当") });
    await screen(tab, { 5: tab.getByRole("button", { name: "登録する", exact: true }).last() }, { plain: true });
  },

  "保守作業を申請する": async ({ city, as, screen }) => {
    const tab = await as("admin");
    await tab.goto(`${city.address}/desk/admin/users/new`);
    await tab.getByLabel("利用者名").last().fill("hoshu-sample");
    await tab.getByLabel("氏名").last().fill("見本システム保守");
    await tab.getByLabel("保守業者").check();
    await tab.getByRole("button", { name: "登録する" }).last().click();
    await tab.getByText("仮パスワード").first().waitFor();
    await tab.goto(`${city.address}/desk/admin`);
    const open = tab.getByRole("link", { name: "保守作業" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const ask = tab.getByRole("link", { name: "保守作業を申請する" });
    await screen(tab, { 2: ask }, { plain: true });
    await ask.click();
    const vendor = tab.locator("main label", { hasText: "見本システム保守" });
    const number = tab.getByLabel("受付番号");
    const what = tab.getByLabel("作業の内容と理由");
    await number.fill("INC-2026-0123");
    await what.fill("夜間の処理が止まった原因を調べる。");
    await screen(tab, { 3: vendor, 4: number, 5: what });
    const send = tab.getByRole("button", { name: "申請する" }).last();
    await screen(tab, { 6: tab.getByLabel("始まりの日"), 7: send }, { top: tab.getByText("始まりの日").first() });
  },
};
