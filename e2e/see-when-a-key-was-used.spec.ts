import { expect, test } from "./fixtures/test";

test("Never used becomes a time once the key was used, and the exact time is there for the keyboard", async ({ keys, api, server }) => {
  const { key } = await api.create({ name: "ci" });
  await api.create({ name: "idle" });
  await keys.open();
  await expect(keys.row("ci").lastUsed).toHaveText("Never used");
  expect(await server.statusOf(key)).toBe(200);
  // The server writes it down at most every five seconds.
  await expect(async () => {
    await keys.refresh.click();
    await expect(keys.row("ci").lastUsed.getByRole("time")).toHaveText(/^(just now|1 minute ago)$/, { timeout: 500 });
  }).toPass({ timeout: 12_000, intervals: [1_000] });
  await expect(keys.row("idle").lastUsed).toHaveText("Never used");

  const time = keys.row("ci").lastUsed.getByRole("time");
  const at = await time.getAttribute("datetime");
  expect(Math.abs(Date.parse(at!) - Date.now())).toBeLessThan(30_000);
  const exact = keys.row("ci").lastUsed.getByRole("tooltip");
  await expect(exact).toBeHidden();
  await time.hover();
  await expect(exact).toBeVisible();
  await expect(exact).toHaveText(/^\d{1,2} \w{3} \d{4}, \d\d:\d\d:\d\d \+0[12]:00$/);
  await keys.title.hover();
  await expect(exact).toBeHidden();
  await keys.row("ci").link.press("Enter");
  await expect(keys.pageOf("ci").fact("Last used")).toContainText(/ from 127\.0\.0\.1 \d{1,2} \w{3} \d{4}, \d\d:\d\d:\d\d$/);
});

test("what was used just before the server stopped is not forgotten", async ({ keys, api, server }) => {
  const { key } = await api.create({ name: "ci" });
  expect(await server.statusOf(key)).toBe(200);
  await server.restart();
  await keys.open();
  await expect(keys.row("ci").lastUsed).toHaveText(/just now/);
});

test("a refused attempt is no use", async ({ keys, api, server }) => {
  const { key } = await api.create({ name: "ci" });
  await api.change("ci", { enabled: false });
  expect(await server.statusOf(key)).toBe(401);
  await server.restart();
  await keys.open();
  await expect(keys.row("ci").lastUsed).toHaveText("Never used");
});
