// Serves a folder on a free port of this machine, with the content security policy of the real server.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = /** @type {Record<string, string>} */ ({
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
});

/** The policy that pages are written for: nothing inline, nothing from elsewhere. */
export const POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/**
 * @param {import("node:test").TestContext} t
 * @param {string} folder
 * @param {(request: import("node:http").IncomingMessage) => { type: string, body: string } | undefined} [answer]
 *   answers what is no file
 * @returns {Promise<string>} the address, without a slash at its end
 */
export async function serveFolder(t, folder, answer) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    response.setHeader("content-security-policy", POLICY);
    const made = answer?.(request);
    if (made) {
      response.setHeader("content-type", made.type).end(made.body);
      return;
    }
    try {
      const file = join(folder, normalize(decodeURIComponent(pathname)));
      const bytes = await readFile(file);
      response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream").end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return `http://127.0.0.1:${address.port}`;
}
