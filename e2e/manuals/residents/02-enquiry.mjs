/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "意見・問合せを送る": async ({ city, fresh, screen }) => {
    const tab = await fresh();
    await tab.goto(`${city.address}/`);
    const open = tab.locator("main").getByRole("link", { name: "意見・問合せ" }).first();
    await screen(tab, { 1: open });
    await open.click();
    const subject = tab.getByLabel("件名");
    const text = tab.getByLabel("内容");
    await subject.fill("公園のベンチについて");
    await text.fill("南見本公園のベンチの板が割れています。見てもらえますか。");
    await screen(tab, { 2: subject, 3: text }, { phone: true });
    const yes = tab.getByText("はい", { exact: true });
    await tab.getByLabel("はい").check();
    const mail = tab.getByLabel("メールアドレス");
    await mail.fill("mihon@example.jp");
    const send = tab.getByRole("button", { name: "送る" }).last();
    await screen(tab, { 4: yes, 5: mail, 6: send });
    await send.click();
    await tab.waitForURL(/\/enquiry\/sent/);
    await screen(tab, { 7: tab.locator("main").getByText(/[0-9A-Z]{4}/).first() });
    await tab.close();
  },
};
