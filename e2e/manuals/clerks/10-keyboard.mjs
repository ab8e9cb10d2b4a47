/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "キーの一覧を出す": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}/desk`);
    const menu = tab.locator("header details summary").last();
    await menu.click();
    const keys = tab.locator("header").getByText("キーボード操作の一覧");
    await screen(tab, { 1: menu, 2: keys }, { plain: true });
    await keys.click();
    await tab.locator("dialog[open]").waitFor();
    await result(tab, { top: tab.locator("dialog[open]"), bottom: tab.locator("dialog[open]"), caption: "キーの一覧" });
    await tab.keyboard.press("Escape");
  },
};
