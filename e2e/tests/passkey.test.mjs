// Signing in with more than a password, as people do it: a passkey in an authenticator that Chromium plays, and the
// six digits of an app on a telephone. The server asks for them over the real protocols.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { expectAccessible, page, screenshot } from "../lib/browser.mjs";
import { signIn, startCity } from "../lib/city.mjs";

const PASSWORD = "kingfisher by the river";

/**
 * Gives the page's browser an authenticator that unlocks without asking.
 *
 * @param {import("playwright-core").Page} tab
 */
async function authenticator(tab) {
  const protocol = await tab.context().newCDPSession(tab);
  await protocol.send("WebAuthn.enable");
  const { authenticatorId } = await protocol.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    /** Lets its owner fail to unlock it, or succeed again. @param {boolean} isUserVerified */
    unlocks: (isUserVerified) => protocol.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    credentials: async () => (await protocol.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
  };
}

/**
 * What an authenticator app shows (RFC 6238).
 *
 * @param {string} secret in base 32
 * @param {number} at in seconds
 */
function digits(secret, at) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30)));
  const mac = createHmac("sha1", key).update(step).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("a passkey is registered, signs in without a name, and is refused once it is removed", { timeout: 240_000 }, async (t) => {
  const city = await startCity(t);
  // A passkey belongs to a host name, never to an address of numbers.
  const address = city.address.replace("127.0.0.1", "localhost");
  const tab = await page(t, { width: 390 });
  const key = await authenticator(tab);
  await signIn(tab, { ...city, address }, { name: "fukushi", password: PASSWORD });

  await tab.goto(`${address}/desk/account/passkeys`);
  await tab.fill("form[data-passkey=register] input[name=name]", "試験の鍵");
  await tab.click("form[data-passkey=register] button");
  await tab.waitForURL(/done=added/);
  assert.match(await tab.innerText("main"), /試験の鍵/);
  await screenshot(tab, "passkey/registered-390");
  await expectAccessible(tab);
  const [credential] = await key.credentials();
  assert.ok(credential?.isResidentCredential, "the key can be found without a name");
  assert.equal(credential.rpId, "localhost");

  await tab.context().clearCookies();
  await tab.goto(`${address}/auth/sign-in?next=/desk/account/sessions`);
  await screenshot(tab, "passkey/sign-in-390");
  await key.unlocks(false);
  await tab.click("form[data-passkey=login] button");
  await tab.waitForSelector(".notice-error");
  assert.match(tab.url(), /sign-in/, "whoever does not unlock the key is not let in");
  await key.unlocks(true);
  await tab.click("form[data-passkey=login] button");
  await tab.waitForURL((url) => url.pathname === "/desk/account/sessions");
  await tab.waitForLoadState("load");
  assert.match(await tab.innerText("main"), /パスキー/);

  await tab.goto(`${address}/desk/account/passkeys`);
  await tab.click("details.confirm summary");
  await tab.click("details.confirm form[action$='/remove'] button");
  await tab.waitForURL(/done=removed/);
  await tab.context().clearCookies();
  await tab.goto(`${address}/auth/sign-in`);
  await tab.click("form[data-passkey=login] button");
  await tab.waitForSelector(".notice-error");
  assert.match(await tab.innerText(".notice-error"), /パスキーを確認できませんでした/);
});

for (const script of [true, false]) {
  test(`one-time codes are set up and asked for ${script ? "with" : "without"} JavaScript`, { timeout: 240_000 }, async (t) => {
    const city = await startCity(t);
    const tab = await page(t, { script });
    await signIn(tab, city, { name: "fukushi", password: PASSWORD });
    await tab.goto(`${city.address}/desk/account/second-factor`);
    await tab.click("form[action$='/second-factor/begin'] button");
    const secret = (await tab.inputValue("input[name=typed]")).replaceAll(" ", "");
    await screenshot(tab, `second-factor/enrolment-${script}`);
    await tab.fill("input[name=code]", "000000");
    await tab.press("input[name=code]", "Enter");
    await tab.waitForLoadState("load");
    await tab.waitForSelector("main :text('確認コードが正しくない')");
    const now = Math.floor(Date.now() / 1000);
    await tab.fill("input[name=code]", digits(secret, now));
    await tab.press("input[name=code]", "Enter");
    await tab.waitForLoadState("load");
    await tab.waitForSelector("ol.plain-list li");
    const recovery = (await tab.locator("ol.plain-list li").allInnerTexts()).map((text) => text.trim());
    assert.equal(recovery.length, 10);

    const enter = async (/** @type {string} */ code) => {
      await tab.context().clearCookies();
      await tab.goto(`${city.address}/auth/sign-in`);
      await tab.fill("input[name=login]", "fukushi");
      await tab.fill("input[name=password]", PASSWORD);
      await tab.press("input[name=password]", "Enter");
      await tab.waitForSelector("form[action='/auth/code']");
      await tab.fill("input[name=code]", code);
      await tab.press("input[name=code]", "Enter");
    };
    await enter(digits(secret, now));
    // The code of the enrolment does not work again.
    await tab.waitForSelector("main :text('すでに使われています')");
    await screenshot(tab, `second-factor/refused-${script}`);
    await tab.fill("input[name=code]", digits(secret, now + 30));
    await tab.press("input[name=code]", "Enter");
    await tab.waitForURL(/\/desk$/);
    await enter(recovery[0] ?? "");
    await tab.waitForURL(/\/desk$/);
    await enter(recovery[0] ?? "");
    // A recovery code works once.
    await tab.waitForSelector("main :text('すでに使われています')");
  });
}
