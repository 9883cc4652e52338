import { everythingIn } from "./fixtures/everything";
import { expect, test } from "./fixtures/test";
import { KeysPage, SECRETS } from "./pages/keys";

test("the key behind a leaked line is revoked within three actions from the overview", async ({ api, overview, page, server }) => {
  const leaked = await api.create({ name: "billing" });
  await api.create({ name: "other" });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await overview.open();

  // 1: what was found in a public repository is pasted, and sent.
  await overview.search.fill(`curl -H 'x-api-key: ${leaked.key}' https://keys.example/api/verify`);
  await overview.search.press("Enter");
  const keys = new KeysPage(page);
  await expect(keys.names()).toHaveText(["billing"]);
  // Nothing of it is anywhere but its prefix.
  await expect(page).toHaveURL(`${SECRETS}?tab=keys&q=${leaked.prefix}`);
  expect(await everythingIn(page)).not.toContain(leaked.key.slice(8));
  expect(asked.filter((url) => url.includes(leaked.key.slice(8)))).toEqual([]);

  // 2 and 3: it is deleted.
  await keys.row("billing").delete.click();
  await keys.row("billing").confirm.click();
  await expect(page.getByText("“billing” deleted")).toBeVisible();
  expect(await server.statusOf(leaked.key)).toBe(401);
});

test("a key is found by its name and by its id from the overview", async ({ api, overview, page }) => {
  const { id } = await api.create({ name: "billing" });
  await api.create({ name: "other" });
  const keys = new KeysPage(page);
  for (const text of ["bill", id]) {
    await overview.open();
    await overview.search.fill(text);
    await page.getByRole("button", { name: "Find" }).click();
    await expect(keys.names()).toHaveText(["billing"]);
  }
});
