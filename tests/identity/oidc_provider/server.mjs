// npm's oidc-provider with clients and people from the environment; people sign in by a button with their name.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const packages = createRequire(`${process.env.PACKAGES}/package.json`);
const { default: Provider } = await import(pathToFileURL(packages.resolve("oidc-provider")));
const { exportJWK, generateKeyPair } = await import(pathToFileURL(packages.resolve("jose").replace("/node/cjs/", "/node/esm/")));

const { issuer, port, clients, people, claims, conform } = JSON.parse(process.env.CONFIG);
const key = async (alg, more) => {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: alg, ...more };
};
const keys = await Promise.all(["RS256", "PS256", "ES256"].map((alg) => key(alg)));

const provider = new Provider(issuer, {
  clients,
  jwks: { keys },
  claims: { openid: ["sub"], profile: claims },
  conformIdTokenClaims: conform,
  acrValues: ["urn:strong", "urn:weak"],
  cookies: { keys: ["a secret of the test's"] },
  features: { devInteractions: { enabled: false }, resourceIndicators: { enabled: false } },
  pkce: { required: () => true },
  ttl: { AccessToken: 60, AuthorizationCode: 30, IdToken: 60, Interaction: 600, Session: 600, Grant: 600 },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid profile");
    grant.addOIDCClaims([...claims, "acr", "auth_time"]);
    await grant.save();
    return grant;
  },
});
provider.on("server_error", (_ctx, error) => console.error(error));

const oidc = provider.callback();
createServer(async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return oidc(request, response);
  if (request.method === "POST") {
    let body = "";
    for await (const part of request) body += part;
    const person = new URLSearchParams(body).get("person");
    const result = person ? { login: { accountId: person, acr: "urn:strong", amr: ["pin"] } } : { error: "access_denied" };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const { params } = await provider.interactionDetails(request, response);
  const buttons = Object.entries(people).map(([id, p]) => `<p><button name="person" value="${id}">${p.name ?? id}</button></p>`);
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(`<!doctype html><html lang="en"><title>Bank</title><h1>Bank</h1><p>Hint: ${encodeURIComponent(params.login_hint ?? "none")}</p><form method="post">${buttons.join("")}<p><button name="person" value="">Cancel</button></p></form>`);
}).listen(port, "127.0.0.1", () => console.log("ready"));
