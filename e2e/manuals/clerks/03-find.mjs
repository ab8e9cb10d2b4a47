import { FACILITY, FACILITY_LIST } from "../lib/sample.mjs";

/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "すべての台帳から探す": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}/desk`);
    const field = tab.locator("#header-search");
    await screen(tab, { 1: field, 2: tab.locator("header form button").first() }, { top: tab.locator("header").first() });
    await field.fill("公民館");
    await field.press("Enter");
    await tab.waitForURL(/\/desk\/search/);
    await result(tab);
  },

  "字体の違う氏名を探す": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY}?columns=name,kind,keeper`);
    const field = tab.locator("main input[name=q]").first();
    await field.fill("渡辺");
    const send = tab.locator("form.list-search button");
    await screen(tab, { 1: field, 2: send });
    await send.click();
    await tab.waitForURL(/q=/);
    await result(tab, { bottom: tab.locator("main table") });
  },

  "条件で絞り込む": async ({ city, as, screen }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY_LIST}`);
    const open = tab.getByRole("link", { name: "条件で絞り込む" });
    await screen(tab, { 1: open });
    await open.click();
    await tab.locator("#f-c_field").selectOption("cost");
    await tab.locator("#f-c_way").selectOption("from");
    const value = tab.locator("[name=c_value]").first();
    await value.fill("450000");
    const send = tab.getByRole("button", { name: "この条件で絞り込む" });
    await screen(tab, { 2: tab.locator("#f-c_field"), 3: tab.locator("#f-c_way"), 4: value, 5: send });
    await send.click();
    await tab.waitForURL(/filter=/);
    await screen(tab, { 6: tab.getByRole("link", { name: /修繕費が/ }) }, { bottom: tab.locator("main table") });
  },

  "よく使う表示を残す": async ({ city, as, screen }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY_LIST}&filter=${encodeURIComponent("cost >= 450000")}`);
    const menu = tab.locator("summary", { hasText: "表示：" });
    await menu.click();
    const keep = tab.getByRole("link", { name: "今の表示を保存" });
    await screen(tab, { 1: menu, 2: keep });
    await keep.click();
    const name = tab.locator("[name=title]");
    await name.fill("修繕費の高い施設");
    const shared = tab.locator("label", { has: tab.locator("[name=shared][value=true]") }).or(tab.getByText("はい", { exact: true }));
    await tab.locator("[name=shared][value=true]").check();
    const send = tab.getByRole("button", { name: "表示を保存する" }).last();
    await screen(tab, { 3: name, 4: shared, 5: send });
    await send.click();
    await tab.waitForURL((url) => url.searchParams.has("view"));
  },
};
