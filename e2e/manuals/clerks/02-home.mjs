import { FACILITY_LIST, openFacility } from "../lib/sample.mjs";

/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "ホームとやること": async ({ city, as, screen }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}/desk`);
    await screen(tab, {
      1: tab.getByRole("link", { name: "ホーム" }).first(),
      2: tab.getByRole("link", { name: /期限を過ぎた取り組み/ }),
      3: tab.getByRole("heading", { name: "最近使った台帳" }),
    }, { top: tab.locator("header").first() });
  },

  "台帳を開く": async ({ city, as, screen }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}/desk/ledgers`);
    const ledger = tab.locator("main").getByRole("link", { name: "施設点検" });
    await ledger.evaluate((element) => element.closest("section")?.scrollIntoView());
    await screen(tab, { 1: tab.getByRole("link", { name: "台帳", exact: true }).first() }, { top: tab.locator("header").first() });
    await screen(tab, { 2: ledger });
  },

  "一覧と記録を見る": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY_LIST}`);
    const first = tab.locator("main table tbody th a").first();
    await screen(tab, { 1: tab.locator("main table thead").getByRole("link", { name: "修繕費" }), 2: first });
    await first.click();
    await result(tab, { plain: true });
  },

  "記録の画面": async ({ city, as, screen }) => {
    const tab = await as("kikaku");
    await openFacility(tab, city, "北見本公民館");
    await screen(tab, {
      1: tab.getByRole("link", { name: "履歴" }),
      2: tab.getByRole("link", { name: "調書を印刷" }),
      3: tab.getByRole("link", { name: "編集する" }),
    }, { phone: true, bottom: tab.getByText("修繕費", { exact: true }).first() });
  },
};
