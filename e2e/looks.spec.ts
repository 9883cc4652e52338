// Every page and state: a picture of each in both themes and at two widths, axe-core on all
// of them, and nothing that has to be scrolled sideways. The pictures are in
// results/screenshots, for whoever changes a page to look at.

import type { BrowserContext, Page } from "@playwright/test";
import { type Api, problem } from "./fixtures/api";
import { violations } from "./fixtures/axe";
import { AuditPage, BROKEN, EncryptionPage, KeysPage, ProvidersPage, ROTATED, SECRETS, SecretsPage, SetupPage, SignInPage } from "./fixtures/pages";
import type { Server } from "./fixtures/server";
import { enter, expect, test } from "./fixtures/test";
import type { Watch } from "./fixtures/watch";

interface Stage {
  page: Page;
  context: BrowserContext;
  server: Server;
  watch: Watch;
  keys: KeysPage;
  secrets: SecretsPage;
  providers: ProvidersPage;
  encryption: EncryptionPage;
  audit: AuditPage;
  /** Signs the browser in; only for servers that have their administrator. */
  enter: () => Promise<Api>;
}

interface State {
  name: string;
  firstStart?: boolean;
  env?: Record<string, string>;
  /** How many keys are there already. */
  keys?: number;
  arrange: (stage: Stage) => Promise<void>;
}

const HEIGHT = 900;
const WIDTHS = [1280, 360];
const THEMES = ["light", "dark"] as const;

/** A list with every kind of row. */
async function rows(api: Api) {
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const { key } = await api.create({ name: "production", scopes: ["secrets:read", "providers:resolve"] });
  await api.create({ name: "staging", expiresAt: inDays(3) });
  await api.create({ name: "a-name-without-any-place-to-break-it-that-is-64-characters-long-xx", scopes: Array.from({ length: 12 }, (_, n) => `orders-${n}:write`) }).catch(() => undefined);
  await api.create({ name: "a-name-that-is-64-characters-long-and-has-no-place-to-break-xxxx", scopes: Array.from({ length: 12 }, (_, n) => `orders-${n}:write`) });
  await api.create({ name: "laptop of Ada", expiresAt: inDays(400) });
  await api.change("laptop of Ada", { enabled: false });
  return key;
}

/** Keys that are limited, and keys that were replaced and still work. */
async function replaced(api: Api, server: Server) {
  const long = "a-name-that-is-64-characters-long-and-has-no-place-to-break-xxxx";
  const networks = ["10.0.0.0/8", "192.168.178.0/24", "2001:db8:1234:5678:9abc:def0:1234:5678", "127.0.0.0/8"];
  await api.create({ name: "laptop of Ada", rateLimit: { requests: 1, windowSeconds: 90 } });
  await api.create({ name: long, scopes: ["orders:write"], rateLimit: { requests: 1_000_000, windowSeconds: 86_400 }, allowedNetworks: networks });
  const { key } = await api.create({ name: "production", scopes: ["secrets:read"], rateLimit: { requests: 100, windowSeconds: 60 } });
  await api.create({ name: "staging", allowedNetworks: ["10.0.0.0/8"] });
  await server.verify(key);
  for (const name of ["laptop of Ada", long, "production"]) await api.replace(name, 86_400);
  await api.change("laptop of Ada", { enabled: false });
  await server.verify(key);
  // What was used is written down when the server stops.
  await server.stop();
  await server.start();
}

/** Secrets with every kind of row. */
async function vault(api: Api) {
  await api.keep({ key: "DATABASE_URL", value: "postgres://billing:correct-horse@db.internal:5432/billing?sslmode=verify-full", description: "PostgreSQL of the billing service" });
  await api.keep({ key: "GITHUB_TOKEN", value: "x" });
  await api.keep({ key: "SMTP_PASSWORD", value: "x", description: "Mail relay; ask Grace before changing it. Used by the newsletter, the invoices and the password reset mails." });
  await api.keep({ key: "A_KEY_NAME_THAT_GOES_ON_AND_ON_FOR_THE_SAKE_OF_THE_LAYOUT_AND_HAS_NO_PLACE_TO_BREAK", value: "x", description: "x".repeat(120) });
}

/** Providers with every kind of card. */
async function providersOf(api: Api) {
  await api.setProvider("openai", { value: "sk-a-key-of-some-length-ab12", baseUrl: "https://api.openai.com/v1", note: "Shared by the support desk and the newsletter" });
  await api.setModel("openai", "gpt-5", "sk-a-key-of-some-length-cd34");
  await api.setModel("openai", "ft:gpt-5:acme/a-model-that-goes-on-and-on-for-the-sake-of-the-layout-without-a-place-to-break", "short");
  await api.setModel("azure", "gpt-5", "sk-a-key-of-some-length-ef56");
  await api.setProvider("local", { value: "short", baseUrl: `http://localhost:11434/${"x".repeat(120)}` });
  await api.setProvider("a-name-that-is-64-characters-long-and-has-no-place-to-break-xxxx", { value: "sk-a-key-of-some-length-gh78", note: "n".repeat(300) });
}

const AWAY = problem(503, "The store cannot answer; try again", "0192f0aa-77aa-7b3c-9d5e-1f2a3b4c5d6e");

const states: State[] = [
  {
    name: "setup-with-link",
    firstStart: true,
    arrange: async ({ page, server }) => {
      await page.goto(server.setupLink);
      await expect(new SetupPage(page).create).toBeVisible();
    },
  },
  {
    name: "setup-with-mistakes",
    firstStart: true,
    arrange: async ({ page }) => {
      await page.goto("/setup");
      await new SetupPage(page).create.click();
      await expect(page.getByText("Email is required")).toBeVisible();
    },
  },
  {
    name: "setup-refused",
    firstStart: true,
    arrange: async ({ page, watch }) => {
      await page.goto("/setup#token=wrong");
      const setup = new SetupPage(page);
      await setup.fill();
      watch.expectFailure(401, "/api/setup");
      await setup.create.click();
      await expect(page.getByRole("alert")).toBeVisible();
    },
  },
  {
    name: "setup-complete",
    arrange: async ({ page }) => {
      await page.goto("/setup");
      await expect(page.getByText("Setup is complete")).toBeVisible();
    },
  },
  {
    name: "sign-in",
    arrange: async ({ page }) => {
      await page.goto("/login");
      await expect(new SignInPage(page).submit).toBeVisible();
    },
  },
  {
    name: "sign-in-not-kept",
    env: { KEYWARD_PUBLIC_URL: "https://keys.example" },
    arrange: async ({ page, server, watch }) => {
      await page.goto(`${server.url.replace("127.0.0.1", "keys.internal")}/login`);
      watch.expectFailure(401, "/api/session");
      await new SignInPage(page).signIn();
      await expect(new SignInPage(page).error).toContainText("only over https");
    },
  },
  {
    name: "sign-in-refused",
    arrange: async ({ page, watch }) => {
      await page.goto("/login");
      watch.expectFailure(401, "/api/session");
      await new SignInPage(page).signIn({ email: "ada@example.com", password: "wrong" });
      await expect(new SignInPage(page).error).toBeVisible();
    },
  },
  {
    name: "not-found",
    arrange: async ({ page, watch }) => {
      watch.expectFailure(404, "/nowhere");
      await page.goto("/nowhere");
      await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
    },
  },
  {
    name: "session-unknown",
    arrange: async ({ page, enter, watch }) => {
      await enter();
      await page.route("**/api/session", (route) => route.fulfill(problem(503, "The store cannot answer; try again")));
      watch.expectFailure(503, "/api/session");
      await page.goto(SECRETS);
      await expect(page.getByRole("alert")).toBeVisible();
    },
  },
  {
    name: "keys-loading",
    arrange: async ({ page, keys, enter }) => {
      await enter();
      await page.route("**/api/keys?*", () => new Promise(() => {}));
      await keys.open();
      await expect(keys.loading).toBeVisible();
    },
  },
  {
    name: "keys-failed",
    arrange: async ({ page, keys, enter, watch }) => {
      await enter();
      await page.route("**/api/keys?*", (route) => route.fulfill(problem(503, "The store cannot answer; try again", "0192f0aa-77aa-7b3c-9d5e-1f2a3b4c5d6e")));
      watch.expectFailure(503, "/api/keys");
      await keys.open();
      await expect(keys.failed).toBeVisible();
    },
  },
  {
    name: "keys-empty",
    arrange: async ({ keys, enter }) => {
      await enter();
      await keys.open();
      await expect(keys.empty).toBeVisible();
    },
  },
  {
    name: "keys-list",
    arrange: async ({ keys, enter, server }) => {
      const key = await rows(await enter());
      await server.verify(key);
      await server.stop();
      await server.start();
      await keys.open();
      await expect(keys.row("production").lastUsed).not.toHaveText("Never used");
    },
  },
  {
    name: "keys-many",
    keys: 12_345,
    arrange: async ({ keys, enter }) => {
      await enter();
      await keys.open("?tab=keys&sort=oldest");
      await keys.pager.next.click();
      await expect(keys.pager.extent).toContainText("101 to 200");
    },
  },
  {
    name: "keys-found",
    keys: 12_345,
    arrange: async ({ keys, enter }) => {
      await enter();
      await keys.open("?tab=keys&q=billing-0012&status=active");
      await expect(keys.count).toHaveText("8 keys found");
    },
  },
  {
    name: "keys-scopes",
    arrange: async ({ keys, enter }) => {
      await rows(await enter());
      await keys.open();
      await keys.rows.getByText(/^\+9 more/).focus();
      await expect(keys.rows.getByRole("tooltip").filter({ hasText: "orders-11:write" })).toBeVisible();
    },
  },
  {
    name: "keys-no-match",
    arrange: async ({ keys, enter }) => {
      await rows(await enter());
      await keys.open("?q=nothing");
      await expect(keys.noMatch).toBeVisible();
    },
  },
  {
    name: "key-form",
    arrange: async ({ keys, enter }) => {
      await rows(await enter());
      await keys.open();
      await keys.add.click();
      await expect(keys.form.name).toBeFocused();
    },
  },
  {
    name: "key-form-with-mistakes",
    arrange: async ({ keys, enter }) => {
      await enter();
      await keys.open();
      await keys.add.click();
      await keys.form.expires.selectOption("On a date");
      await keys.form.otherScopes.fill("Not!");
      await keys.form.create.click();
      await expect(keys.form.root.getByText("Name is required")).toBeVisible();
    },
  },
  {
    name: "key-form-narrowed",
    arrange: async ({ keys, enter }) => {
      await enter();
      await keys.open();
      await keys.add.click();
      for (const scope of ["secrets:read", "providers:resolve"]) await keys.form.scope(scope).check();
      await keys.form.name.fill("narrow");
      await keys.form.narrowing("secrets:read").fill("GITHUB_* Not!");
      await keys.form.create.click();
      await expect(keys.form.root.getByText("secrets:read is narrowed to a secret")).toBeVisible();
    },
  },
  {
    name: "key-form-failed",
    arrange: async ({ keys, page, enter, watch }) => {
      await enter();
      await keys.open();
      await page.route("**/api/keys", (route) => route.fulfill(problem(503, "The store cannot answer; try again")));
      watch.expectFailure(503, "/api/keys");
      await keys.add.click();
      await keys.form.name.fill("production");
      await keys.form.create.click();
      await expect(keys.form.root.getByRole("alert")).toBeVisible();
    },
  },
  {
    name: "key-created",
    arrange: async ({ keys, enter }) => {
      await rows(await enter());
      await keys.open();
      await keys.create("ci");
      await keys.create("backup");
    },
  },
  {
    name: "key-armed",
    arrange: async ({ keys, enter }) => {
      await rows(await enter());
      await keys.open();
      await keys.row("staging").delete.press("Enter");
      await expect(keys.row("staging").confirm).toBeVisible();
    },
  },
  {
    name: "key-not-deleted",
    arrange: async ({ keys, page, enter, watch }) => {
      await rows(await enter());
      await keys.open();
      await page.route("**/api/keys/*", async (route) => {
        watch.expectFailure(503, new URL(route.request().url()).pathname);
        await route.fulfill(problem(503, "The store cannot answer; try again", "0192f0aa-77aa-7b3c-9d5e-1f2a3b4c5d6e"));
      });
      await keys.row("staging").delete.press("Enter");
      await keys.row("staging").confirm.press("Enter");
      await expect(keys.alert).toBeVisible();
    },
  },
  {
    name: "keys-replaced",
    arrange: async ({ keys, enter, server }) => {
      await replaced(await enter(), server);
      await keys.open();
      await expect(keys.row("production").overlap).toContainText("last used");
    },
  },
  {
    name: "key-rotate",
    arrange: async ({ keys, enter }) => {
      const api = await enter();
      await rows(api);
      await api.replace("staging", 3_600);
      await keys.open();
      await keys.row("staging").choose("Rotate");
      await expect(keys.dialog).toContainText("Two keys work at present.");
    },
  },
  {
    name: "key-not-rotated",
    arrange: async ({ keys, page, enter, watch }) => {
      await rows(await enter());
      await keys.open();
      await page.route("**/api/keys/*/rotate", async (route) => {
        watch.expectFailure(503, new URL(route.request().url()).pathname);
        await route.fulfill(AWAY);
      });
      await keys.row("staging").choose("Rotate");
      await keys.rotate.click();
      await expect(keys.dialog.getByRole("alert")).toBeVisible();
    },
  },
  {
    name: "key-rotated",
    arrange: async ({ keys, enter }) => {
      await rows(await enter());
      await keys.open();
      await keys.row("staging").choose("Rotate");
      await keys.rotate.click();
      await expect(keys.banner("staging").root.getByRole("status")).toHaveText(ROTATED);
    },
  },
  {
    name: "key-change-limits",
    arrange: async ({ keys, enter, server }) => {
      await replaced(await enter(), server);
      await keys.open();
      await keys.row("laptop of Ada").choose("Change limits");
      await keys.limits.fill({ networks: ["10.0.0.0/8", "192.168.178.0/24", "2001:db8:1234:5678:9abc:def0:1234:5678", "127.0.0.0/8"] });
    },
  },
  {
    name: "key-limits-with-mistakes",
    arrange: async ({ keys, enter, watch }) => {
      const { id } = await (await enter()).create({ name: "ci" });
      await keys.open();
      await keys.row("ci").choose("Change limits");
      await keys.limits.fill({ requests: "100", networks: ["home", "x".repeat(80)] });
      watch.expectFailure(400, `/api/keys/${id}`);
      await keys.save.click();
      await expect(keys.dialog.getByText("Expected a network")).toBeVisible();
    },
  },
  {
    name: "key-form-limits-with-a-mistake",
    arrange: async ({ keys, enter }) => {
      await enter();
      await keys.open();
      await keys.add.click();
      await keys.form.name.fill("ci");
      await keys.form.more.click();
      await keys.form.limits.fill({ requests: "0", networks: ["10.0.0.0/8"] });
      await keys.form.create.click();
      await expect(keys.form.root.getByText("Expected a whole number")).toBeVisible();
    },
  },
  {
    name: "key-menu",
    arrange: async ({ keys, page, enter }) => {
      const api = await enter();
      await rows(api);
      await api.replace("staging", 3_600);
      await keys.open();
      await keys.row("staging").actions.click();
      await expect(page.getByRole("button", { name: "Rename" })).toBeVisible();
    },
  },
  {
    name: "key-rename",
    arrange: async ({ keys, enter }) => {
      await rows(await enter());
      await keys.open();
      await keys.row("staging").choose("Rename");
      await keys.dialog.getByLabel("Name").fill("");
      await keys.dialog.getByRole("button", { name: "Save" }).click();
      await expect(keys.dialog.getByText("Name is required")).toBeVisible();
    },
  },
  {
    name: "key-change-expiry",
    arrange: async ({ keys, enter }) => {
      await rows(await enter());
      await keys.open();
      await keys.row("staging").choose("Change expiry");
      await expect(keys.dialog.getByLabel("Expiry date")).toBeVisible();
    },
  },
  {
    name: "leave-question",
    arrange: async ({ keys, page, enter }) => {
      await enter();
      await keys.open();
      await keys.create("ci");
      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(keys.dialog).toBeVisible();
    },
  },
  {
    name: "secrets-loading",
    arrange: async ({ page, secrets, enter }) => {
      await enter();
      await page.route("**/api/secrets?*", () => new Promise(() => {}));
      await secrets.open();
      await expect(secrets.loading).toBeVisible();
    },
  },
  {
    name: "secrets-failed",
    arrange: async ({ page, secrets, enter, watch }) => {
      await enter();
      await page.route("**/api/secrets?*", (route) => route.fulfill(AWAY));
      watch.expectFailure(503, "/api/secrets");
      await secrets.open();
      await expect(secrets.failed).toBeVisible();
    },
  },
  {
    name: "secrets-empty",
    arrange: async ({ secrets, enter }) => {
      await enter();
      await secrets.open();
      await expect(secrets.empty).toBeVisible();
    },
  },
  {
    name: "secrets-no-match",
    arrange: async ({ secrets, enter }) => {
      await vault(await enter());
      await secrets.open("&q=nothing");
      await expect(secrets.noMatch).toBeVisible();
    },
  },
  {
    name: "secrets-revealed",
    arrange: async ({ secrets, enter }) => {
      await vault(await enter());
      await secrets.open();
      await secrets.row("DATABASE_URL").reveal.click();
      await expect(secrets.row("DATABASE_URL").value).toBeVisible();
    },
  },
  {
    name: "secret-not-revealed",
    arrange: async ({ page, secrets, enter, watch }) => {
      await vault(await enter());
      await secrets.open();
      await page.route("**/api/secrets/*", (route) => route.fulfill(AWAY));
      watch.expectFailure(503, "/api/secrets/GITHUB_TOKEN");
      await secrets.row("GITHUB_TOKEN").reveal.click();
      await expect(secrets.alert).toBeVisible();
    },
  },
  {
    name: "secret-form-with-mistakes",
    arrange: async ({ secrets, enter }) => {
      await enter();
      await secrets.open();
      await secrets.add.click();
      await secrets.form.fill({ key: "my-key" });
      await secrets.form.save.click();
      await expect(secrets.dialog.getByText("Value is required")).toBeVisible();
    },
  },
  {
    name: "secret-form-of-several-lines",
    arrange: async ({ secrets, enter }) => {
      await enter();
      await secrets.open();
      await secrets.add.click();
      await secrets.form.show.click();
      await secrets.form.fill({ key: "TLS_KEY", value: "-----BEGIN KEY-----\nMIIEvQIBADAN\n-----END KEY-----" });
    },
  },
  {
    name: "secret-changed-by-others",
    arrange: async ({ secrets, enter, watch }) => {
      const api = await enter();
      await vault(api);
      await secrets.open();
      await secrets.row("GITHUB_TOKEN").edit.click();
      await secrets.form.value.fill("new");
      await api.changeSecret("GITHUB_TOKEN", { value: "theirs" });
      watch.expectFailure(412, "/api/secrets/GITHUB_TOKEN");
      await secrets.form.save.click();
      await expect(secrets.form.reload).toBeVisible();
    },
  },
  {
    name: "secret-delete",
    arrange: async ({ secrets, enter }) => {
      await vault(await enter());
      await secrets.open();
      await secrets.row("GITHUB_TOKEN").delete.click();
      await expect(secrets.dialog).toBeVisible();
    },
  },
  {
    name: "providers-loading",
    arrange: async ({ page, providers, enter }) => {
      await enter();
      await page.route("**/api/providers?*", () => new Promise(() => {}));
      await providers.open();
      await expect(providers.loading).toBeVisible();
    },
  },
  {
    name: "providers-failed",
    arrange: async ({ page, providers, enter, watch }) => {
      await enter();
      await page.route("**/api/providers?*", (route) => route.fulfill(AWAY));
      watch.expectFailure(503, "/api/providers");
      await providers.open();
      await expect(providers.failed).toBeVisible();
    },
  },
  {
    name: "providers-empty",
    arrange: async ({ providers, enter }) => {
      await enter();
      await providers.open();
      await expect(providers.empty).toBeVisible();
    },
  },
  {
    name: "providers-no-match",
    arrange: async ({ providers, enter }) => {
      await providersOf(await enter());
      await providers.open("&q=nothing");
      await expect(providers.noMatch).toBeVisible();
    },
  },
  {
    name: "providers-list",
    arrange: async ({ providers, enter }) => {
      await providersOf(await enter());
      await providers.open();
      await providers.which.ask("openai", "gpt-5");
      await expect(providers.which.answer).toContainText("The model's own key");
    },
  },
  {
    name: "provider-none",
    arrange: async ({ providers, enter, watch }) => {
      await providersOf(await enter());
      await providers.open("&q=local");
      watch.expectFailure(404, "/api/resolve");
      await providers.which.ask("mistral", "m".repeat(200));
      await expect(providers.which.answer).toContainText("None");
    },
  },
  {
    name: "provider-form-with-mistakes",
    arrange: async ({ providers, enter }) => {
      await enter();
      await providers.open();
      await providers.add.click();
      await providers.form.fill({ provider: "OpenAI", baseUrl: "api.openai.com" });
      await providers.form.save.click();
      await expect(providers.dialog.getByText("Value is required")).toBeVisible();
    },
  },
  {
    name: "provider-form-failed",
    arrange: async ({ page, providers, enter, watch }) => {
      await providersOf(await enter());
      await providers.open();
      await page.route("**/api/providers/**", (route) => route.fulfill(AWAY));
      watch.expectFailure(503, "/api/providers/azure/models/gpt-5");
      await providers.model("azure", "gpt-5").replace.click();
      await providers.form.fill({ value: "new" });
      await providers.form.save.click();
      await expect(providers.form.error).toBeVisible();
    },
  },
  {
    name: "provider-delete",
    arrange: async ({ providers, enter }) => {
      await providersOf(await enter());
      await providers.open();
      await providers.card("openai").delete.click();
      await expect(providers.form.confirm).toBeVisible();
    },
  },
  {
    name: "encryption-loading",
    arrange: async ({ page, encryption, enter }) => {
      await enter();
      await page.route("**/api/admin/encryption", () => new Promise(() => {}));
      await encryption.open();
      await expect(encryption.loading).toBeVisible();
    },
  },
  {
    name: "encryption-failed",
    arrange: async ({ page, encryption, enter, watch }) => {
      await enter();
      await page.route("**/api/admin/encryption", (route) => route.fulfill(AWAY));
      watch.expectFailure(503, "/api/admin/encryption");
      await encryption.open();
      await expect(encryption.failed).toBeVisible();
    },
  },
  {
    name: "encryption-question",
    arrange: async ({ encryption, enter }) => {
      await enter();
      await encryption.open();
      await expect(encryption.history).toBeVisible();
      await encryption.rotate.click();
      await expect(encryption.confirm).toBeVisible();
    },
  },
  {
    name: "encryption-running",
    arrange: async ({ page, encryption, enter }) => {
      const status = await (await enter()).encryption();
      await page.route("**/api/admin/encryption", (route) =>
        route.fulfill({ json: { data: { ...status, secrets: 1201, legacy: 3, rotation: { reEncrypted: 312, total: 1204 } } } }),
      );
      await encryption.open();
      await expect(encryption.progress).toBeVisible();
    },
  },
  {
    name: "encryption-rotated",
    arrange: async ({ encryption, enter }) => {
      await vault(await enter());
      await encryption.open();
      await encryption.rotate.click();
      await encryption.confirm.click();
      await expect(encryption.result).toBeVisible();
      await expect(encryption.version(2)).toBeVisible();
    },
  },
  {
    name: "encryption-refused",
    arrange: async ({ page, encryption, enter, watch }) => {
      await enter();
      await encryption.open();
      await page.route("**/api/admin/encryption/rotate", (route) => route.fulfill(problem(409, "A rotation is running already")));
      watch.expectFailure(409, "/api/admin/encryption/rotate");
      await encryption.rotate.click();
      await encryption.confirm.click();
      await expect(encryption.refusal).toBeVisible();
    },
  },
  {
    name: "audit-log",
    arrange: async ({ audit, enter }) => {
      const api = await enter();
      await vault(api);
      await rows(api);
      await api.valueOf("DATABASE_URL");
      await api.rotate();
      await audit.open();
      await expect(audit.verified).toBeVisible();
      await audit.of("secret.read").getByText("Details").click();
    },
  },
  {
    name: "audit-loading",
    arrange: async ({ page, audit, enter }) => {
      await enter();
      await page.route(/\/api\/admin\/audit/, () => new Promise(() => {}));
      await audit.open();
      await expect(audit.loading).toBeVisible();
    },
  },
  {
    name: "audit-no-match",
    arrange: async ({ audit, enter }) => {
      await enter();
      await audit.open("?actor=nobody&outcome=refused");
      await expect(audit.noMatch).toBeVisible();
    },
  },
  {
    name: "audit-broken",
    arrange: async ({ page, audit, enter }) => {
      await enter();
      await page.route("**/api/admin/audit/verify", (route) =>
        route.fulfill({ json: { data: BROKEN } }),
      );
      await audit.open();
      await expect(audit.broken).toBeVisible();
    },
  },
  {
    name: "audit-failed",
    arrange: async ({ page, audit, enter, watch }) => {
      await enter();
      await page.route("**/api/admin/audit?*", (route) => route.fulfill(AWAY));
      watch.expectFailure(503, "/api/admin/audit");
      await audit.open();
      await expect(audit.failed).toBeVisible();
    },
  },
];

for (const state of states) {
  test.describe(() => {
    const { firstStart = false, env = {}, keys = 0 } = state;
    test.use({ serverOptions: { firstStart, env, keys } });

    test(`${state.name}, in both themes and from 320 to 1280 px`, async ({ page, context, server, watch }) => {
      test.slow();
      const pages = {
        keys: new KeysPage(page),
        secrets: new SecretsPage(page),
        providers: new ProvidersPage(page),
        encryption: new EncryptionPage(page),
        audit: new AuditPage(page),
      };
      await state.arrange({ page, context, server, watch, ...pages, enter: () => enter(context, server) });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: HEIGHT });
        for (const colorScheme of THEMES) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          await picture(page, `${state.name}-${width}-${colorScheme}`);
          expect(await violations(page), `${width} px, ${colorScheme}`).toEqual([]);
        }
        expect(await tooWide(page), `at ${width} px nothing is wider than the window`).toEqual([]);
      }
      await page.setViewportSize({ width: 320, height: 640 });
      await picture(page, `${state.name}-320-dark`);
      expect(await tooWide(page), "at 320 px nothing is wider than the window").toEqual([]);
      // 200 % zoom of a window of 1280 x 900: half as many pixels to lay out on.
      await page.setViewportSize({ width: 640, height: 450 });
      expect(await tooWide(page), "at 200 % zoom nothing is wider than the window").toEqual([]);
      await page.setViewportSize({ width: 1280, height: HEIGHT });
      await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
      expect(await tooWide(page), "with letters twice as large nothing is wider than the window").toEqual([]);
    });
  });
}

/** The whole page, from its top. */
async function picture(page: Page, name: string) {
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `results/screenshots/${name}.png`, fullPage: true, animations: "disabled" });
}

/** What sticks out of the window, unless it lies in something that scrolls by itself. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (element: Element | null): boolean =>
      element !== null && element !== document.documentElement &&
      (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    const isOut = (element: Element) => {
      const { right, left, width: own } = element.getBoundingClientRect();
      return own > 1 && (right > width + 1 || left < -1) && !scrolls(element.parentElement);
    };
    const page = document.scrollingElement!.scrollWidth > width ? [`the page is ${document.scrollingElement!.scrollWidth} of ${width} px wide`] : [];
    const shown = [...document.body.querySelectorAll("*")].filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
    return page.concat(shown.filter(isOut).map((one) => `${one.tagName} ${one.className} ${one.textContent?.slice(0, 30)}`));
  });
}

test("under 720 px the navigation is behind a button", async ({ keys, page }) => {
  await page.setViewportSize({ width: 719, height: HEIGHT });
  await keys.open();
  const menu = page.getByRole("button", { name: "Menu" });
  const link = page.getByRole("link", { name: "Secrets and keys" });
  await expect(link).toBeHidden();
  await menu.click();
  await expect(link).toBeVisible();
  for (const colorScheme of THEMES) {
    await page.setViewportSize({ width: 360, height: HEIGHT });
    await page.emulateMedia({ colorScheme });
    await picture(page, `navigation-360-${colorScheme}`);
    expect(await violations(page), colorScheme).toEqual([]);
  }
  await page.keyboard.press("Escape");
  await expect(link).toBeHidden();
  await expect(menu).toBeFocused();
  await menu.click();
  await link.click();
  await expect(link).toBeHidden();
  await page.setViewportSize({ width: 721, height: HEIGHT });
  await expect(menu).toBeHidden();
  await expect(link).toBeVisible();
});

test("with forced colours nothing is lost", async ({ keys, page, api }) => {
  await rows(api);
  await page.emulateMedia({ forcedColors: "active" });
  await keys.open();
  await keys.add.click();
  await picture(page, "forced-colours-1280");
  // Borders are what is left of a design when its grounds are taken away.
  for (const part of [keys.add, keys.form.name, keys.form.create, keys.row("staging").delete]) {
    const border = await part.evaluate((element) => getComputedStyle(element).borderTopWidth);
    expect(parseFloat(border)).toBeGreaterThan(0);
  }
  expect(await violations(page)).toEqual([]);
});

test("who wants no motion gets none", async ({ keys, page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.route("**/api/keys?*", () => new Promise(() => {}));
  await keys.open();
  await expect(keys.loading).toBeVisible();
  const moving = await page.evaluate(() =>
    document.getAnimations().filter((one) => Number(one.effect?.getComputedTiming().duration ?? 0) > 1 && one.playState === "running").length,
  );
  expect(moving).toBe(0);
});

test("what is tapped on a small screen is large enough", async ({ keys, page, api }) => {
  await api.create({ name: "production" });
  await page.setViewportSize({ width: 360, height: 740 });
  await keys.open();
  await keys.create("ci");
  await keys.add.click();
  // WCAG 2.2, 2.5.8: 24 by 24 CSS pixels.
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, select, input:not([type=checkbox], [type=radio]), textarea")]
      .filter((one) => one.checkVisibility())
      .map((one) => ({ what: one.getAttribute("aria-label") ?? one.textContent, box: one.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(({ what, box }) => `${what} ${box.width} x ${box.height}`),
  );
  expect(small).toEqual([]);
});

test("without JavaScript the page says what it needs", async ({ browser, server }) => {
  const page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto(`${server.url}/login`);
  await expect(page.locator("noscript p")).toBeVisible();
  await expect(page.locator("noscript p")).toContainText("Keyward needs JavaScript and WebAssembly.");
  await page.screenshot({ path: "results/screenshots/without-javascript-1280.png" });
  await page.close();
});
