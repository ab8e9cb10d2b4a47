const FAMILY = "/desk/ledgers/party?q=%E9%98%BF%E9%83%A8+%E8%A3%95%E7%BE%8E";

/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "支援措置の対象の記録の見え方": async ({ city, as, screen }) => {
    const tab = await as("madoguchi");
    await tab.goto(`${city.address}/desk/ledgers/party?q=%E9%98%BF%E9%83%A8`);
    const hidden = tab.locator("main table tbody tr", { hasText: "支援措置により非表示" }).first();
    await screen(tab, { 1: hidden }, { top: tab.locator("main table thead") });
    await hidden.locator("th a").click();
    await screen(tab, { 2: tab.locator("main .notice").first() });
  },

  "理由を入れて開く": async ({ city, as, screen }) => {
    const tab = await as("fukushi");
    await tab.goto(`${city.address}${FAMILY}`);
    await tab.locator("main table tbody th a").first().click();
    const open = tab.getByRole("link", { name: "理由を入れて開く" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const reason = tab.locator("main textarea, main input[type=text]").first();
    await reason.fill("転居届の受付のため、本人の申出により住所を確認");
    const send = tab.getByRole("button", { name: "理由を記録して開く" }).last();
    await screen(tab, { 2: reason, 3: send });
    await send.click();
    const close = tab.getByRole("button", { name: "いま閉じる" });
    await screen(tab, { 4: close });
    await close.click();
    await tab.waitForLoadState();
  },
};
