const ORDERS = `職員番号,発令区分,所属コード,職名
D0208,転任,planning-policy,主事
D9999,転任,planning-policy,主事
`;

/** Opens a part of 「組織と異動」. @param {import("../lib/walk.mjs").Walker} walker @param {string} name */
async function opened({ city, as, screen }, name) {
  const tab = await as("admin");
  await tab.goto(`${city.address}/desk/organisation`);
  const part = tab.locator("main").getByRole("link", { name });
  return { tab, part, screen };
}

/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "人事発令を取り込む": async ({ city, as, screen }) => {
    const tab = await as("admin");
    await tab.goto(`${city.address}/desk`);
    const open = tab.getByRole("navigation").getByRole("link", { name: "組織と異動" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const orders = tab.locator("main").getByRole("link", { name: "人事発令" });
    await screen(tab, { 2: orders });
    await orders.click();
    const file = tab.locator("input[type=file]");
    await file.setInputFiles({ name: "発令.csv", mimeType: "text/csv", buffer: Buffer.from(ORDERS) });
    const day = tab.locator("[name=effective]");
    const send = tab.getByRole("button", { name: "確かめる" }).last();
    await screen(tab, { 3: file, 4: day, 5: send });
    await send.click();
    const take = tab.getByRole("button", { name: "1件を取り込む" });
    await screen(tab, { 6: take }, { bottom: tab.locator("main table").last() });
    await take.click();
    await tab.waitForLoadState();
  },

  "4月1日の姿を先に見る": async (walker) => {
    const { tab, part, screen } = await opened(walker, "その日の姿");
    await screen(tab, { 1: part }, { plain: true });
    await part.click();
    const day = tab.getByLabel("日付").first();
    await day.fill("R9.4.1");
    const send = tab.getByRole("button", { name: "表示する" });
    await screen(tab, { 2: day, 3: send });
    await send.click();
    await walker.result(tab, { bottom: tab.getByText("担当のいないもの", { exact: true }).last() });
  },

  "引継ぎを決める": async (walker) => {
    const { tab, part, screen } = await opened(walker, "引継ぎ一覧");
    await screen(tab, { 1: part }, { plain: true });
    await part.click();
    const open = tab.getByText("その日に担当の変わるものを一覧に載せる");
    await open.click();
    const send = tab.getByRole("button", { name: "案を作る" });
    await screen(tab, { 2: open, 3: tab.getByLabel("引継ぎ日").first(), 4: send });
    await send.click();
    await tab.waitForLoadState();
  },

  "年度更新をする": async (walker) => {
    const { tab, part, screen } = await opened(walker, "年度更新");
    await screen(tab, { 1: part }, { plain: true });
    await part.click();
    const send = tab.getByRole("button", { name: "年度更新をする" });
    await screen(tab, { 2: tab.locator("main table").first(), 3: send });
  },
};
