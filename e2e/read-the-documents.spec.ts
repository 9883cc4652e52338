import { violations } from "./fixtures/axe";
import { expect, test } from "./fixtures/test";

for (const address of ["/docs", "/docs/"]) {
  test(`the documents lead to each other from ${address}`, async ({ page }) => {
    await page.goto(address);
    await expect(page.getByRole("heading", { level: 1, name: "Documents" })).toBeVisible();
    await page.getByRole("navigation", { name: "Documents" }).getByRole("link", { name: "Forward auth" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Forward auth" })).toBeVisible();
    expect(await violations(page)).toEqual([]);
  });
}
