/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "届いたファイルを確かめて反映する": async ({ city, as, screen }) => {
    const tab = await as("admin");
    await tab.goto(`${city.address}/desk`);
    const open = tab.getByRole("navigation").getByRole("link", { name: "連携" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const layout = tab.locator("main").getByRole("link", { name: "住民記録 日次差分" });
    await screen(tab, { 2: layout });
    await layout.click();
    await screen(tab, { 3: tab.locator("input[type=file]"), 4: tab.getByRole("button", { name: "台帳と比べる" }) });
  },

  "見本からレイアウトを作る": async ({ city, as, screen }) => {
    const tab = await as("admin");
    await tab.goto(`${city.address}/desk/exchange`);
    const make = tab.getByRole("link", { name: "見本からレイアウトを作る" });
    await screen(tab, { 1: make }, { plain: true });
    await make.click();
    const ledger = tab.locator("main select").first();
    await ledger.selectOption({ label: "施設点検" });
    await screen(tab, { 2: ledger, 3: tab.locator("input[type=file]"), 4: tab.getByRole("button", { name: "次へ" }) });
  },
};
