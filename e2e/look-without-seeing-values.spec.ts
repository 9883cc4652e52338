import { everythingIn } from "./fixtures/everything";
import { MODEL_KEY, PLANTED, PROVIDER_KEY, SECRET, storeOpenrouter } from "./fixtures/planted";
import { expect, test } from "./fixtures/test";

test.use({ role: "viewer" });

const PAGES = [
  "/",
  "/settings/secrets?tab=keys",
  "/settings/secrets?tab=secrets",
  "/settings/secrets?tab=providers",
  "/admin/audit",
  "/account",
];

/** What would show or change something. */
const CHANGES = /^(Add|Edit|Delete|Rotate|Reveal|Copy|Replace|Rename|Change|Disable|Enable|Select|Actions for|Invite|I keep a copy)\b/;

test("a viewer sees each list, and nowhere a value or a button that would show one", async ({ page, api, server, network, shell, signedIn: _ }) => {
  await api.keep(SECRET);
  await storeOpenrouter(api);
  const { key, id } = await api.create({ name: "production", scopes: ["secrets:read"] });
  await api.replace("production", 3600);
  await server.verify(key);
  const answers = network.answers();

  for (const path of [...PAGES, `/settings/secrets?tab=keys&key=${id}`, `/settings/secrets?tab=secrets&secret=${SECRET.key}`]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.waitForLoadState("networkidle");
    const buttons = page.getByRole("button").filter({ visible: true });
    const named = await buttons.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? one.textContent!));
    const own = path === "/account" || path.includes("key=") ? /^(Change password|Copy)/ : /^$/;
    expect(named.filter((name) => CHANGES.test(name.trim()) && !own.test(name.trim())), path).toEqual([]);
    const everything = await everythingIn(page);
    expect(everything, path).not.toMatch(PLANTED);
    expect(everything, path).not.toContain(key);
  }
  for (const name of ["Overview", "API keys", "Secrets", "Providers", "Audit log"]) await expect(shell.navLink(name)).toBeVisible();
  for (const name of ["People", "Encryption", "Servers"]) await expect(shell.navLink(name)).toBeHidden();

  const all = await answers();
  expect(all.length, "something was answered").toBeGreaterThan(2000);
  for (const value of [SECRET.value, PROVIDER_KEY, MODEL_KEY, key]) expect(all).not.toContain(value);
});

for (const [path, title] of [["/admin/users", "People"], ["/admin/encryption", "Encryption"], ["/admin/replicas", "Servers"]] as const) {
  test(`${title} opened by its address says calmly who it is for`, async ({ page, network, signedIn: _ }) => {
    const asked = network.requests("GET /api/admin/*");
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
    await expect(page.getByText("This page is for admins. You are a viewer")).toBeVisible();
    await expect(page.getByRole("alert")).toHaveCount(0);
    expect(asked).toEqual([]);
  });
}

test("a viewer has nothing to add, by the keyboard either", async ({ page, overview, signedIn: _ }) => {
  await overview.open();
  await page.keyboard.press("n");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await expect(page).toHaveURL("/");
});
