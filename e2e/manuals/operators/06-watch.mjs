/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "画面で、版ごとの「更新するとき」を読む": async ({ city, as, screen, result }) => {
    const tab = await as("admin");
    await tab.goto(`${city.address}/desk`);
    const admin = tab.getByRole("navigation").getByRole("link", { name: "管理", exact: true });
    await screen(tab, { 1: admin }, { plain: true });
    await admin.click();
    const notes = tab.getByRole("link", { name: "更新の案内" });
    await screen(tab, { 2: notes });
    await notes.click();
    await result(tab);
  },

  "画面で、いまの様子を点検する": async ({ city, as, screen, result }) => {
    const tab = await as("admin");
    await tab.goto(`${city.address}/desk`);
    const admin = tab.getByRole("navigation").getByRole("link", { name: "管理", exact: true });
    await screen(tab, { 1: admin }, { plain: true });
    await admin.click();
    const standing = tab.getByRole("link", { name: "運用の状況" });
    await screen(tab, { 2: standing });
    await standing.click();
    await result(tab);
  },

  "画面で、失敗した処理を見る": async ({ city, as, screen }) => {
    const tab = await as("admin");
    await tab.goto(`${city.address}/desk/admin`);
    const jobs = tab.getByRole("link", { name: "処理の待ち行列" });
    await screen(tab, { 1: jobs }, { plain: true });
    await jobs.click();
    await screen(tab, { 2: tab.locator("main").getByText("失敗", { exact: true }).first() });
  },
};
