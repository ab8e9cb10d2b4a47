/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "進み具合を報告する": async ({ city, as, screen, result }) => {
    const tab = await as("fukushi");
    await tab.goto(`${city.address}/desk`);
    const board = tab.getByRole("navigation").getByRole("link", { name: "部局運営方針" }).first();
    await screen(tab, { 1: board }, { plain: true });
    await board.click();
    const mine = tab.getByRole("link", { name: "自分の部局" });
    await screen(tab, { 2: mine });
    await mine.click();
    await tab.waitForURL(/department=/);
    const report = tab.getByRole("link", { name: "報告する" }).first();
    await screen(tab, { 3: report });
    await report.click();
    const status = tab.locator("select").first();
    await status.selectOption({ label: "計画どおり" });
    const step = tab.getByLabel("次の一手");
    await step.fill("第3回の検討会を開き、案をまとめます。");
    await screen(tab, { 4: status, 5: step });
    const send = tab.getByRole("button", { name: "報告を保存" }).last();
    const grade = tab.getByText("B（おおむね達成した）", { exact: true });
    await grade.click();
    await screen(tab, { 6: grade }, { top: tab.locator("main legend, main h2", { hasText: /^年度末の評価$/ }).last() });
    await screen(tab, { 7: send }, { plain: true });
    await send.click();
    await tab.waitForURL((url) => !url.pathname.endsWith("/report") || url.searchParams.has("done"));
    await result(tab, { plain: true });
  },
};
