// What stands in the city before the administrators' manual begins: a ledger, and somebody who looks after outside organisations.

import { publishSample } from "../lib/sample.mjs";

/** @param {import("../../lib/city.mjs").City} city @param {import("../lib/walk.mjs").Windows} windows */
export async function setup(city, windows) {
  await publishSample(await windows.as("kikaku"), city);
}

/**
 * Opens the page of an account from the list of accounts.
 *
 * @param {import("playwright-core").Page} tab @param {import("../../lib/city.mjs").City} city @param {string} name
 */
export async function openAccount(tab, city, name) {
  await tab.goto(`${city.address}/desk/admin/users`);
  await tab.getByRole("link", { name }).click();
  await tab.getByRole("heading", { level: 1, name }).waitFor();
}
