// What stands in the city before the clerks' manual begins.

import { publishSample } from "../lib/sample.mjs";

/** @param {import("../../lib/city.mjs").City} city @param {import("../lib/walk.mjs").Windows} windows */
export async function setup(city, windows) {
  await publishSample(await windows.as("kikaku"), city);
}
