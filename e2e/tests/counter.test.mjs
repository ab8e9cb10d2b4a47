// A shared machine at a counter, as two clerks use it: the screen is locked in the middle of an entry, nothing of it stays in the
// document, the other clerk works in between, and what was typed is there when its owner is back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { expectAccessible, page, screenshot } from "../lib/browser.mjs";
import { signIn, signInAs, startCity } from "../lib/city.mjs";

const PIN = "204817";

/**
 * @param {import("playwright-core").Page} tab
 * @param {import("../lib/city.mjs").City} city
 */
async function setPin(tab, city) {
  await tab.goto(`${city.address}/desk/account/pin`);
  await tab.locator("input[name=pin]").fill(PIN);
  await tab.locator("input[name=again_pin]").fill(PIN);
  await tab.getByRole("button", { name: "PINを登録する" }).click();
  await tab.getByText("PINを登録しました").waitFor();
}

/** @param {import("playwright-core").Page} tab */
async function lockByKeys(tab) {
  await tab.locator("h1").click();
  await tab.keyboard.press("l");
  await tab.keyboard.press("l");
  await tab.getByRole("heading", { name: "画面をロックしています" }).waitFor();
}

test("clerks switch at a counter, and what was typed comes back to its owner alone", { timeout: 240_000 }, async (t) => {
  const city = await startCity(t);
  const first = await city.addUser("mdr", "organisation-editor");
  const second = await city.addUser("tnr", "organisation-editor");
  const tab = await page(t, { width: 390 });
  await signInAs(tab, city, "admin");
  await tab.goto(`${city.address}/desk/admin/devices`);
  await tab.getByLabel("端末の名前").fill("市民課 1番窓口");
  await tab.getByRole("button", { name: "この端末を登録する" }).click();
  await tab.getByText("この端末を窓口端末にしました").waitFor();
  await expectAccessible(tab);
  for (const clerk of [second, first]) {
    await tab.context().request.post(`${city.address}/auth/sign-out`, { headers: { origin: city.address } });
    await signIn(tab, city, clerk);
    await setPin(tab, city);
  }

  await tab.goto(`${city.address}/desk/ledgers/department/new`);
  await tab.locator("input[name=name]").fill("山田さんの相談");
  await lockByKeys(tab);
  const html = await tab.content();
  assert.ok(!html.includes("山田") && !html.includes("部局コード"), "nothing of the page is in the document");
  assert.equal(await tab.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }).includes("山田")), false);
  await expectAccessible(tab);
  await screenshot(tab, "counter-locked");

  // The same clerk is back: the page under the lock returns as it was, and goes on working.
  await tab.locator("input[name=pin]").fill("999111");
  await tab.getByRole("button", { name: "サインイン", exact: true }).last().click();
  await tab.getByText("PINが違います").waitFor();
  await tab.locator("input[name=pin]").fill(PIN);
  await tab.getByRole("button", { name: "サインイン", exact: true }).last().click();
  await tab.locator("input[name=name]").waitFor();
  assert.equal(await tab.locator("input[name=name]").inputValue(), "山田さんの相談");

  // The colleague takes the machine over, and sees nothing of it.
  await lockByKeys(tab);
  await tab.getByRole("link", { name: /tnr/ }).click();
  await tab.getByRole("heading", { name: "tnr さん" }).waitFor();
  await tab.locator("input[name=pin]").fill(PIN);
  await tab.getByRole("button", { name: "サインイン", exact: true }).last().click();
  await tab.getByRole("heading", { name: "ホーム" }).waitFor();
  assert.ok(!(await tab.content()).includes("山田"));
  await tab.goBack();
  assert.ok(!(await tab.content()).includes("山田"), "not by going back either");
  await tab.goto(`${city.address}/desk`);

  // And the owner finds it again.
  await lockByKeys(tab);
  await tab.getByRole("link", { name: /mdr/ }).click();
  await tab.locator("input[name=pin]").fill(PIN);
  await tab.getByRole("button", { name: "サインイン", exact: true }).last().click();
  await tab.getByRole("heading", { name: "書きかけの入力があります" }).waitFor();
  await expectAccessible(tab);
  await tab.getByRole("button", { name: "続きを開く" }).click();
  await tab.getByText("入力した内容を見る").click();
  await tab.getByText("山田さんの相談").waitFor();
});
