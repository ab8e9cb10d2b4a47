import { FACILITY, FACILITY_LIST } from "../lib/sample.mjs";

const ROWS = `施設名,区分,点検した日,修繕費,管理者
見本図書館,公民館・集会所,R8.6.1,"21,000円",ｻﾄｳ ｼﾛｳ
見本資料館,公民館・集会所,令和8年2月30日,2000,鈴木 五郎
見本中央公園,公園,2026-06-02,54000,
`;

/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "Excel や CSV から取り込む": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY_LIST}`);
    const open = tab.getByRole("link", { name: "取り込む", exact: true });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    const file = tab.locator("input[type=file]").first();
    await file.setInputFiles({ name: "点検.csv", mimeType: "text/csv", buffer: Buffer.from(ROWS) });
    const next = tab.getByRole("button", { name: "次へ" });
    await screen(tab, { 2: file, 3: next });
    await next.click();
    await tab.waitForURL(/\/import\/map/);
    await tab.getByLabel("「区分」を取り込む項目").selectOption("kind");
    await tab.getByLabel("「点検した日」を取り込む項目").selectOption("inspected_on");
    await screen(tab, { 4: tab.getByLabel("「区分」を取り込む項目") }, { top: tab.getByRole("heading", { name: "列と項目" }) });
    const trial = tab.getByRole("button", { name: "試しに読む" });
    await screen(tab, { 5: trial }, { plain: true });
    await trial.click();
    await tab.getByText("間違いのある行があります").first().waitFor();
    const apply = tab.getByRole("button", { name: /飛ばして2件を取り込む/ });
    await screen(tab, { 6: tab.locator("main table").last(), 7: apply });
    await apply.click();
    await tab.getByText("飛ばして取り込みました").first().waitFor();
    await result(tab, { plain: true });
  },

  "取り込みを取り消す": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY}/import`);
    const undo = tab.getByRole("button", { name: "取り消す" }).first();
    await screen(tab, { 1: undo }, { top: tab.getByRole("heading", { name: "最近の取込みと一括変更" }) });
    await undo.click();
    const again = tab.locator("dialog[open]").getByRole("button", { name: "取り消す" });
    await screen(tab, { 2: again }, { plain: true });
    await again.click();
    await tab.getByText("取り消しました").first().waitFor();
    await result(tab, { plain: true });
  },

  "書き出す": async ({ city, as, screen }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY_LIST}`);
    const open = tab.getByRole("link", { name: "書き出す" });
    await screen(tab, { 1: open }, { plain: true });
    await open.click();
    await tab.waitForURL(/\/export/);
    const form = tab.locator("select[name=format]");
    await form.selectOption({ label: "Excel（xlsx）" });
    await screen(tab, { 2: form });
    const send = tab.getByRole("button", { name: "書き出す" }).last();
    await screen(tab, { 3: send }, { plain: true });
    const [download] = await Promise.all([tab.waitForEvent("download"), send.click()]);
    await download.path();
  },

  "たくさんの記録をまとめて変える": async ({ city, as, screen, result }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}${FACILITY_LIST}`);
    const boxes = tab.locator("input[data-select-row]");
    const repairs = tab.locator("main table tbody tr", { hasText: "要修繕" }).locator("input[data-select-row]");
    await repairs.nth(0).check();
    await repairs.nth(1).check();
    const open = tab.getByRole("button", { name: "選んだ記録をまとめて変更" });
    await screen(tab, { 1: boxes.first(), 2: open }, { bottom: tab.locator("main table") });
    await open.click();
    await tab.getByLabel("状態", { exact: true }).check();
    await screen(tab, { 3: tab.locator("label", { hasText: /^状態$/ }).first() });
    const next = tab.getByRole("button", { name: "次へ" }).last();
    await screen(tab, { 4: next }, { plain: true });
    await next.click();
    const good = tab.getByLabel("良好");
    await good.check();
    const send = tab.getByRole("button", { name: "2件を変更する" }).last();
    await screen(tab, { 5: tab.locator("label", { hasText: "良好" }).first(), 6: send });
    await send.click();
    await tab.getByText("まとめて変更した結果").first().waitFor();
    const undo = tab.getByRole("button", { name: "取り消して元に戻す" });
    await screen(tab, { 7: undo });
    await undo.click();
    await tab.locator("dialog").getByRole("button", { name: "取り消して元に戻す" }).click();
    await tab.getByText("取り消しました").first().waitFor();
    await result(tab, { plain: true });
  },
};
