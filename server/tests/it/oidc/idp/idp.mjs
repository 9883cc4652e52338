// A real identity provider for tests, on a port of 127.0.0.1 that the kernel chooses:
//
//     node idp.mjs '{"ada": {"email": "ada@example.com", "email_verified": true, "groups": ["admins"]}}'
//
// Prints its issuer, and ends with its standard input. The client is `keyward` with the secret
// `idp-client-secret`, for any address on this machine. There are no passwords: a person chooses
// an account on a page, or a request names one in `login_hint`. Claims come from userinfo, as the
// specification has it for codes.
//
// `POST /control` changes it while it runs: `{"accounts": {...}}` replaces the accounts, and
// `{"rotate": "ES256"}` the key that it signs with.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

let accounts = JSON.parse(process.argv[2] ?? process.env.IDP_ACCOUNTS ?? "{}");

const isHere = (uri) => ["127.0.0.1", "localhost"].includes(new URL(uri).hostname);

/** How a key for each algorithm is made. */
const KEYS = {
  RS256: ["rsa", { modulusLength: 2048 }],
  PS512: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  ES384: ["ec", { namedCurve: "P-384" }],
  EdDSA: ["ed25519"],
};

function provider(issuer, alg) {
  const { privateKey } = generateKeyPairSync(...KEYS[alg]);
  const key = { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg };
  const made = new Provider(issuer, {
    clients: [
      {
        client_id: "keyward",
        client_secret: "idp-client-secret",
        redirect_uris: ["http://127.0.0.1/api/oidc/callback"],
        post_logout_redirect_uris: ["http://127.0.0.1/login"],
        id_token_signed_response_alg: alg,
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    scopes: ["openid", "email", "profile", "groups"],
    cookies: { keys: [randomUUID()] },
    jwks: { keys: [key] },
    enabledJWA: { idTokenSigningAlgValues: [alg] },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        logoutSource(ctx, form) {
          ctx.body = page("Sign out", `${form}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`);
        },
      },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
    // Nobody is asked whether Keyward may know who they are.
    async loadExistingGrant(ctx) {
      const { client, session, provider } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid email profile groups");
      await grant.save();
      return grant;
    },
  });
  made.Client.prototype.redirectUriAllowed = isHere;
  made.Client.prototype.postLogoutRedirectUriAllowed = isHere;
  return made;
}

const page = (title, body) =>
  `<!doctype html><html lang="en"><title>${title}</title><main><h1>${title}</h1>${body}</main></html>`;

function choice() {
  const button = (name) => `<button name="login" value="${name}">Continue as ${name}</button>`;
  const names = Object.keys(accounts).map(button).join(" ");
  return page("Identity provider", `<form method="post">${names} <button name="cancel" value="yes">Cancel</button></form>`);
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function interact(request, response) {
  const { params } = await current.interactionDetails(request, response);
  const form = request.method === "POST" ? new URLSearchParams(await body(request)) : new URLSearchParams();
  const login = form.get("login") ?? params.login_hint;
  if (form.has("cancel")) {
    return current.interactionFinished(request, response, { error: "access_denied" });
  }
  if (accounts[login]) {
    return current.interactionFinished(request, response, { login: { accountId: login } });
  }
  response.setHeader("content-type", "text/html; charset=utf-8").end(choice());
}

async function control(request, response) {
  const wanted = JSON.parse(await body(request));
  accounts = wanted.accounts ?? accounts;
  if (wanted.rotate) current = provider(current.issuer, wanted.rotate);
  response.end();
}

const server = createServer((request, response) => {
  // Browsers ask for it, and complain where there is none.
  if (request.url === "/favicon.ico") return response.writeHead(204).end();
  const answer = request.url.startsWith("/interaction/")
    ? interact(request, response)
    : request.url === "/control" && request.method === "POST"
      ? control(request, response)
      : current.callback()(request, response);
  Promise.resolve(answer).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});

let current;
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  current = provider(issuer, "RS256");
  console.log(issuer);
});
process.stdin.on("end", () => process.exit()).resume();
