/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "取り組みと進み具合を見る": async ({ city, fresh, screen, result }) => {
    const tab = await fresh();
    await tab.goto(`${city.address}/`);
    const board = tab.locator("main").getByRole("link", { name: "市役所の目標と進み具合" }).first();
    await screen(tab, { 1: board }, { phone: true, top: tab.locator("header").first() });
    await board.click();
    await tab.waitForURL(/\/board/);
    const ways = tab.getByRole("link", { name: "部局ごと" });
    await screen(tab, { 2: ways });
    const initiative = tab.locator('main a[href^="/board/"]').filter({ hasText: /.{5,}/ }).first();
    await screen(tab, { 3: initiative }, { top: tab.locator("main h2, main h3").first() });
    await initiative.click();
    await tab.waitForURL(/\/board\/.+/);
    await result(tab);
    await tab.close();
  },

  "言葉を選ぶ": async ({ city, fresh, screen }) => {
    const tab = await fresh();
    await tab.goto(`${city.address}/`);
    const menu = tab.locator("summary", { hasText: "Language" });
    await menu.click();
    const easy = tab.getByRole("link", { name: "やさしい日本語" }).or(tab.getByRole("button", { name: "やさしい日本語" })).first();
    await screen(tab, { 1: menu, 2: easy }, { top: tab.locator("header").first() });
    await easy.click();
    await tab.waitForURL(/ja-easy/);
    await tab.close();
  },
};
