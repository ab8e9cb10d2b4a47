// What the pictures show: records of a ledger that a city hall might really have, all invented.

import { publishFacilities } from "../../lib/city.mjs";

/** The address of the ledger in the pictures. */
export const FACILITY = "/desk/ledgers/facility";
/** Its list with no more columns than a picture has room for. */
export const FACILITY_LIST = `${FACILITY}?columns=name,kind,state,cost,inspected_on`;

const ROWS = `施設名,種別,状態,延床面積,修繕費,点検日,管理者,管理者（フリガナ）,予算の年度,備考
見本小学校,学校,良好,5120.5,0,令和8年5月1日,渡邉 花子,ワタナベ ハナコ,2026,体育館の床を磨いた
北見本公民館,公民館・集会所,要修繕,812.25,1234567,2026-04-10,阿部 太郎,アベ タロウ,2026,雨漏り
南見本公園,公園,要観察,2300,98000,2026-05-20,髙橋 次郎,タカハシ ジロウ,2026,ベンチの塗り替え
見本消防団詰所,公民館・集会所,要修繕,96.5,450000,2026-06-11,渡邊 三郎,ワタナベ サブロウ,2026,シャッターの調整
東見本集会所,公民館・集会所,良好,145,32000,2026-06-18,伊藤 四郎,イトウ シロウ,2026,
`;

/** Publishes and fills that ledger. @param {import("playwright-core").Page} tab of who may make ledgers @param {import("../../lib/city.mjs").City} city */
export const publishSample = (tab, city) => publishFacilities(tab, city, ROWS);

/**
 * Opens a record of that ledger by its name.
 *
 * @param {import("playwright-core").Page} tab @param {import("../../lib/city.mjs").City} city @param {string} name
 */
export async function openFacility(tab, city, name) {
  await tab.goto(`${city.address}${FACILITY}?q=${encodeURIComponent(name)}`);
  await tab.locator("main table tbody th a").first().click();
  await tab.getByRole("link", { name: "編集する" }).waitFor();
}

/**
 * The address of the record that is open. @param {import("playwright-core").Page} tab
 */
export const addressOf = (tab) => tab.url().split("?")[0] ?? "";
