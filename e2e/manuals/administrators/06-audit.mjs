/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "この人を見た職員を調べる": async ({ city, as, screen }) => {
    const clerk = await as("madoguchi");
    await clerk.goto(`${city.address}/desk/ledgers/party?q=${encodeURIComponent("秋山 明日香")}`);
    await clerk.locator("main table tbody th a").first().click();
    await clerk.getByRole("link", { name: "編集する" }).waitFor();
    const record = clerk.url();
    const tab = await as("kansa");
    await tab.goto(`${city.address}/desk`);
    const open = tab.getByRole("navigation").getByRole("link", { name: "監査・保護" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const seen = tab.locator("main").getByRole("link", { name: "この人を見た職員" });
    await screen(tab, { 2: seen });
    await seen.click();
    const ledger = tab.locator("main").getByLabel("台帳", { exact: true });
    await ledger.selectOption({ label: "宛名" });
    const which = tab.getByLabel("氏名・番号・記録のID");
    await which.fill(record);
    const ask = tab.getByRole("button", { name: "見た人を調べる" });
    await screen(tab, { 3: ledger, 4: which, 5: ask });
    await ask.click();
    // Counted once the entry has its place in the log, some seconds after the look.
    const row = tab.locator("main table tbody tr").first();
    for (let tries = 0; tries < 30 && !(await row.isVisible()); tries++) {
      await tab.waitForTimeout(1000);
      await tab.reload();
    }
    await row.waitFor();
    await screen(tab, { 6: tab.getByText("印刷する", { exact: true }) }, { bottom: tab.locator("main table").first() });
  },

  "月ごとの報告を出す": async ({ city, as, screen }) => {
    const tab = await as("kansa");
    await tab.goto(`${city.address}/desk/audit`);
    const open = tab.getByRole("link", { name: "部署別の件数" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    await screen(tab, { 2: tab.getByLabel("この日から"), 3: tab.getByText("印刷する", { exact: true }) });
  },

  "変更の記録が書き換えられていないかを確かめる": async ({ city, as, screen }) => {
    const tab = await as("admin");
    await tab.goto(`${city.address}/desk/admin`);
    const open = tab.locator("main").getByRole("link", { name: "監査", exact: true });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const start = tab.getByRole("button", { name: "検証を始める" });
    await screen(tab, { 2: start });
    await start.click();
    await tab.waitForLoadState();
  },

  "個人情報ファイル簿を印刷する": async ({ city, as, screen }) => {
    const tab = await as("kansa");
    await tab.goto(`${city.address}/desk/audit`);
    const open = tab.locator("main").getByRole("link", { name: "個人情報ファイル簿" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const file = tab.locator("main table tbody").getByRole("link").first();
    await screen(tab, { 2: file });
    await file.click();
    await screen(tab, { 3: tab.getByText("印刷する", { exact: true }) }, { bottom: tab.locator("main table, main dl").first() });
  },

  "保存期間の満了した記録を廃棄する": async ({ city, as, screen }) => {
    const tab = await as("hogo");
    await tab.goto(`${city.address}/desk/audit`);
    const open = tab.locator("main").getByRole("link", { name: "保存期間と廃棄" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const ledger = tab.locator("main table").getByRole("link", { name: "住民（サンプル）" });
    await screen(tab, { 2: ledger });
    await ledger.click();
    const boxes = tab.locator("main table").getByRole("checkbox");
    await screen(tab, { 3: boxes.first() });
    const reason = tab.getByLabel("起案の理由");
    await reason.fill("練習のための記録で、保存期間が満了したため");
    await screen(tab, { 4: reason, 5: tab.getByRole("button", { name: "廃棄を起案する" }).last() });
  },
};
