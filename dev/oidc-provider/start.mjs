// A real OpenID Connect provider for tests and for trying things out: never for a city.
//
//   node dev/oidc-provider/start.mjs '{"port": 9400, "clients": [...], "people": {"tanaka": {"mail": "…"}}}'
//
// It signs in whoever it knows without a password, asks for no consent, and prints one line of JSON with its issuer once it
// answers. Port 0 takes a free port; then the issuer is told in that line. The configuration:
//
//   port      where to listen, on this machine only
//   clients   as oidc-provider takes them (client_id, client_secret, redirect_uris, token_endpoint_auth_method, jwks …)
//   people    by login name: mail, mailVerified (true unless said), groups

import { createServer } from "node:http";
import { Provider } from "oidc-provider";

// Standard output is for the one line; the library tells its notices there.
console.info = console.error;

const config = JSON.parse(process.argv[2] ?? "{}");
const people = config.people ?? {};

// The issuer has the port in it, so the port is taken first.
const server = createServer();
await new Promise((resolve) => server.listen(config.port ?? 0, "127.0.0.1", resolve));
const issuer = `http://localhost:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: (config.clients ?? []).map((client) => ({
    grant_types: ["authorization_code"],
    response_types: ["code"],
    ...client,
  })),
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    profile: ["preferred_username", "name"],
    groups: ["groups"],
  },
  scopes: ["openid", "email", "profile", "groups"],
  features: { devInteractions: { enabled: false } },
  cookies: { keys: ["only for tests"] },
  interactions: { url: (_context, interaction) => `/sign-in/${interaction.uid}` },
  findAccount: (_context, login) => people[login] && account(login),
  // Whoever signs in here agrees to everything.
  async loadExistingGrant(context) {
    const { session, client, params } = context.oidc;
    const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
    grant.addOIDCScope(params.scope);
    await grant.save();
    return grant;
  },
});

function account(login) {
  const person = people[login];
  return {
    accountId: login,
    claims: () => ({
      sub: `subject-of-${login}`,
      email: person.mail,
      email_verified: person.mailVerified ?? true,
      preferred_username: login,
      name: person.name ?? login,
      groups: person.groups ?? [],
    }),
  };
}

function page(title, body) {
  return `<!doctype html><html lang="ja"><meta charset="utf-8"><title>${title}</title><main><h1>${title}</h1>${body}</main>`;
}

async function signIn(request, response) {
  if (request.method === "POST") {
    let body = "";
    for await (const chunk of request) body += chunk;
    const login = new URLSearchParams(body).get("login") ?? "";
    if (people[login]) {
      await provider.interactionFinished(request, response, { login: { accountId: login } });
      return;
    }
  }
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end(
    page(
      "試験用の認証基盤",
      `<form method="post"><label>利用者名 <input name="login" required></label><button>サインイン</button></form>`,
    ),
  );
}

const answer = provider.callback();
server.on("request", (request, response) => {
  const handled = request.url.startsWith("/sign-in/") ? signIn(request, response) : answer(request, response);
  Promise.resolve(handled).catch((error) => {
    response.writeHead(500).end(String(error));
  });
});

console.log(JSON.stringify({ issuer }));
// Whoever started us closes our standard input when it ends, so that no provider is left behind.
process.stdin.on("end", () => process.exit(0)).resume();
