import { FACILITY, openFacility } from "../lib/sample.mjs";

/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "調書を印刷する": async ({ city, as, screen }) => {
    const tab = await as("kikaku");
    await openFacility(tab, city, "北見本公民館");
    const open = tab.getByRole("link", { name: "調書を印刷" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    await tab.waitForURL(/\/sheet/);
    const official = tab.getByRole("link", { name: "正式な印刷（PDF）" }).or(tab.getByRole("button", { name: "正式な印刷（PDF）" }));
    await screen(tab, { 2: tab.getByRole("button", { name: "印刷する" }), 3: official }, { bottom: tab.getByText("予算の年度").first() });
  },

  "一覧表を印刷する": async ({ city, as, screen }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY}?facet=kind:hall`);
    const open = tab.getByRole("link", { name: "印刷", exact: true });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const table = tab.getByRole("link", { name: "一覧表" });
    await screen(tab, { 2: table }, { plain: true });
    await table.click();
    await screen(tab, { 3: tab.getByRole("button", { name: "印刷する" }) }, { bottom: tab.locator(".sheet-list") });
  },
};
