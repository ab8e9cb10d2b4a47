/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "名寄せの候補を確かめる": async ({ city, as, screen, result }) => {
    const tab = await as("fukushi");
    await tab.goto(`${city.address}/desk/ledgers/party`);
    const open = tab.getByRole("link", { name: "名寄せ" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const beside = tab.getByRole("link", { name: "並べて見る" }).first();
    // The candidates are found in the background, soon after the city was made.
    for (let tries = 0; tries < 40 && !(await beside.isVisible()); tries++) {
      await tab.waitForTimeout(1000);
      await tab.reload();
    }
    await screen(tab, { 2: beside });
    await beside.click();
    const keep = tab.locator("label", { hasText: "を残す" }).nth(1);
    const reasons = tab.locator("main textarea, main input[type=text]");
    await screen(tab, { 3: keep });
    await reasons.first().fill("窓口で本人に確認した");
    const merge = tab.getByRole("button", { name: "一つにまとめる" });
    await screen(tab, { 4: reasons.first(), 5: merge, 6: tab.getByRole("button", { name: "別人として残す" }) });
    await merge.click();
    const again = tab.locator("dialog[open]").getByRole("button", { name: "一つにまとめる" });
    await again.click({ timeout: 3000 }).catch(() => undefined);
    await tab.waitForURL(/done=/);
    await result(tab, { plain: true });
  },
};
