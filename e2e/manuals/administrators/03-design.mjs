const SHEET = `品名,購入日,金額,数量,保管場所,状態
ノートパソコン,令和3年5月1日,"128,000",12,企画課,使用中
プロジェクター,2021-06-10,"64,500",2,会議室,使用中
折りたたみ机,H30.4.1,"9,800",40,倉庫,保管
`;

/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "手元の表から台帳を作る": async ({ city, as, screen }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}/desk`);
    const ledgers = tab.getByRole("navigation").getByRole("link", { name: "台帳", exact: true });
    await screen(tab, { 1: ledgers }, { plain: true });
    await ledgers.click();
    const make = tab.getByRole("link", { name: "台帳を作る" });
    await screen(tab, { 2: make });
    await make.click();
    const title = tab.locator("[name=title]");
    const owner = tab.locator("[name=owner]");
    const purpose = tab.locator("[name=purpose]");
    await title.fill("備品の台帳");
    await owner.selectOption({ label: "企画課" });
    await purpose.fill("課で使う備品の置き場所と状態を共有するため");
    await tab.locator("[name=key]").fill("office-equipment");
    await screen(tab, { 3: title, 4: owner, 5: purpose });
    const file = tab.locator("input[type=file]");
    await file.setInputFiles({ name: "備品.csv", mimeType: "text/csv", buffer: Buffer.from(SHEET) });
    const next = tab.getByRole("button", { name: "次へ" }).last();
    await screen(tab, { 6: file, 7: next }, { top: tab.getByText("最初の項目", { exact: true }).first() });
    await next.click();
    const row = tab.locator("[data-row]").first();
    await row.waitFor();
    await screen(tab, { 8: tab.locator('[name="fields.0.type"]') });
    const more = tab.getByRole("button", { name: "行を追加" });
    const check = tab.getByRole("button", { name: "内容を確かめる" }).last();
    await screen(tab, { 9: more, 10: check });
    await check.click();
    const publish = tab.getByRole("button", { name: "公開する" }).last();
    await screen(tab, { 11: publish });
    await publish.click();
    await tab.waitForURL((url) => url.pathname === "/desk/ledgers/office-equipment");
  },
};
