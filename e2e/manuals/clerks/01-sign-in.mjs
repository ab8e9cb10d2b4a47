import { PASSWORD } from "../../lib/city.mjs";

/** @type {import("../lib/walk.mjs").Walks} */
export const walks = {
  "サインインする": async ({ city, fresh, screen, result }) => {
    const tab = await fresh();
    await tab.goto(`${city.address}/auth/sign-in`);
    const send = tab.getByRole("button", { name: "サインイン", exact: true });
    await screen(tab, { 1: tab.getByLabel("利用者名"), 2: tab.getByLabel("パスワード", { exact: false }).first(), 3: send }, { phone: true });
    await tab.locator("input[name=login]").fill("kikaku");
    await tab.locator("input[name=password]").fill(PASSWORD);
    await send.click();
    await tab.waitForURL((url) => url.pathname === "/desk");
    await result(tab, { plain: true });
    await tab.close();
  },

  "自分の設定を開く": async ({ city, as, screen }) => {
    const tab = await as("kikaku");
    await tab.goto(`${city.address}/desk`);
    const menu = tab.locator("header details summary").last();
    await menu.click();
    await screen(tab, { 1: menu, 2: tab.getByRole("link", { name: "自分の設定" }) }, { top: tab.locator("header").first() });
    await tab.getByRole("link", { name: "自分の設定" }).click();
    await tab.waitForURL(/\/desk\/account/);
    await screen(tab, { 3: tab.locator(".tabs").first() }, { bottom: tab.getByRole("heading", { name: "役割" }) });
  },

  "パスワードを変える": async ({ city, as, screen }) => {
    const tab = await as("shokuin");
    await tab.goto(`${city.address}/desk/account/password`);
    const fields = tab.locator("main input[type=password]");
    const change = tab.getByRole("button", { name: "パスワードを変える" });
    await screen(tab, { 1: fields.nth(0), 2: fields.nth(1), 3: fields.nth(2), 4: change });
  },

  "パスキーを登録する": async ({ city, as, screen, result }) => {
    const tab = await as("madoguchi");
    const devtools = await tab.context().newCDPSession(tab);
    await devtools.send("WebAuthn.enable");
    await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
    await tab.goto(`${city.address}/desk/account/passkeys`);
    const name = tab.locator("form[data-passkey=register] input[name=name]");
    const add = tab.locator("form[data-passkey=register] button");
    await name.fill("3番窓口の鍵");
    await screen(tab, { 1: name, 2: add });
    await add.click();
    await tab.waitForURL(/done=added/);
    await result(tab, { plain: true });
  },

  "紙の確認コード表でサインインする": async ({ city, as, fresh, screen, away }) => {
    const admin = await as("admin");
    await admin.goto(`${city.address}/desk/admin/users`);
    await admin.getByRole("link", { name: "岡本 陽翔" }).click();
    await admin.getByRole("button", { name: "確認コード表を発行する" }).click();
    await admin.locator("dialog[open]").getByRole("button", { name: "確認コード表を発行する" }).click();
    const code = await admin.locator("main ol code").first().innerText();
    const tab = await fresh();
    await tab.goto(`${city.address}/auth/sign-in`);
    await tab.locator("input[name=login]").fill("shokuin");
    await tab.locator("input[name=password]").fill(PASSWORD);
    await tab.locator("input[name=password]").press("Enter");
    const field = tab.locator("input[name=code]");
    await field.waitFor();
    const send = tab.locator("form[action='/auth/code'] button.button-primary").last();
    await screen(tab, { 1: field, 2: send });
    away(3);
    await field.fill(code);
    await send.click();
    await tab.waitForURL((url) => url.pathname === "/desk");
    await tab.close();
  },

  "サインアウトする": async ({ city, as, screen }) => {
    const tab = await as("madoguchi");
    await tab.goto(`${city.address}/desk`);
    const menu = tab.locator("header details summary").last();
    await menu.click();
    await screen(tab, { 1: menu, 2: tab.getByRole("button", { name: "サインアウト" }) }, { top: tab.locator("header").first() });
    await menu.click();
  },
};
