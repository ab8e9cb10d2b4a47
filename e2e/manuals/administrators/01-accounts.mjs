import { openAccount } from "./setup.mjs";

/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "利用者を登録する": async ({ city, as, screen }) => {
    const tab = await as("admin");
    await tab.goto(`${city.address}/desk`);
    const admin = tab.getByRole("navigation").getByRole("link", { name: "管理", exact: true });
    await screen(tab, { 1: admin }, { plain: true });
    await admin.click();
    const users = tab.locator("main").getByRole("link", { name: "利用者", exact: true });
    await screen(tab, { 2: users }, { top: tab.locator("header").first() });
    await users.click();
    const add = tab.getByRole("link", { name: "利用者を登録する" });
    await screen(tab, { 3: add });
    await add.click();
    const fields = { login: tab.getByLabel("利用者名").last(), name: tab.getByLabel("氏名").last(), number: tab.getByLabel("職員番号").last() };
    await fields.login.fill("m-sample");
    await fields.name.fill("岡田 聡");
    await fields.number.fill("D0100");
    await screen(tab, { 4: fields.login, 5: fields.name, 6: fields.number });
    const send = tab.getByRole("button", { name: "登録する" }).last();
    await screen(tab, { 7: tab.getByText("仮パスワードを発行する", { exact: true }), 8: send }, { top: tab.getByText("職員番号", { exact: true }).first() });
    await send.click();
    await tab.getByText("仮パスワード").first().waitFor();
    await screen(tab, { 9: tab.locator("main code").first() });
  },

  "役割を割り当てる": async ({ city, as, screen }) => {
    const tab = await as("admin");
    await openAccount(tab, city, "岡本 陽翔");
    const open = tab.locator("summary", { hasText: "役割を割り当てる" });
    await open.click();
    const role = tab.getByLabel("役割").last();
    const from = tab.locator("[name=from]");
    await screen(tab, { 1: open, 2: role }, { top: tab.getByRole("heading", { name: "役割", exact: true }) });
    await role.selectOption({ label: "窓口（サンプル）" });
    await from.fill("R9.4.1");
    const send = tab.getByRole("button", { name: "割り当てる", exact: true }).last();
    await screen(tab, { 3: from, 4: send });
    await send.click();
    await tab.waitForURL(/done=/);
  },

  "確認コード表を渡す": async ({ city, as, screen }) => {
    const tab = await as("admin");
    await openAccount(tab, city, "岡本 陽翔");
    const issue = tab.getByRole("button", { name: "確認コード表を発行する" });
    await screen(tab, { 1: issue }, { top: tab.getByRole("heading", { name: "確認コード表" }) });
    await issue.click();
    await tab.locator("dialog[open]").getByRole("button", { name: "確認コード表を発行する" }).click();
    const given = tab.getByText("渡しました", { exact: true });
    await given.waitFor();
    await screen(tab, { 2: tab.getByRole("button", { name: "印刷する" }), 3: given });
    await given.click();
  },

  "なぜ見えるのか・見えないのかを調べる": async ({ city, as, screen, result }) => {
    const tab = await as("admin");
    await tab.goto(`${city.address}/desk/admin`);
    const why = tab.getByRole("link", { name: "なぜ見られるのか" });
    await screen(tab, { 1: why }, { plain: true });
    await why.click();
    const login = tab.getByLabel("利用者名");
    await login.fill("madoguchi");
    const ledger = tab.locator("main").getByLabel("台帳", { exact: true });
    await ledger.selectOption({ label: "宛名" });
    const record = tab.getByLabel("記録の番号またはID");
    await record.fill("000000094");
    const send = tab.getByRole("button", { name: "調べる" });
    await screen(tab, { 2: login, 3: ledger, 4: record, 5: send });
    await send.click();
    const answer = tab.getByText(/この記録を見られます/).first();
    await answer.waitFor();
    await result(tab, { top: answer });
  },

  "パスワードを忘れた人・退職する人": async ({ city, as, screen }) => {
    const tab = await as("admin");
    await openAccount(tab, city, "高木 陽子");
    const act = (/** @type {string} */ name) => tab.locator("main summary", { hasText: name });
    await screen(tab, { 1: act("仮パスワードを発行する"), 2: act("利用を停止する") }, { top: tab.getByRole("heading", { name: "利用の管理" }) });
  },
};
