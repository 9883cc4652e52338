// A change whose outcome is not known: the page says only that, and shows what became of it.

import { IN_DOUBT, inDoubt } from "./fixtures/answers";
import { expect, test } from "./fixtures/test";

test("a deletion whose outcome is not known says so, and the list shows what became of it", async ({ keys, api, network }) => {
  for (const name of ["b", "a"]) await api.create({ name });
  await keys.open();
  await network.lose("DELETE /api/keys/*", inDoubt("req-5"));
  await keys.row("a").remove();
  await expect(keys.alert).toContainText(`“a”: ${IN_DOUBT}`);
  await expect(keys.alert).toContainText("req-5");
  await expect(keys.alert).not.toContainText("was not deleted");
  await expect(keys.names()).toHaveText(["b"]);
  await expect(keys.alert).toBeVisible();
});

test("one that was not made shows the key as it is", async ({ keys, api, network }) => {
  await api.create({ name: "a" });
  await keys.open();
  await network.fail("DELETE /api/keys/*", inDoubt());
  const requests = network.requests("GET /api/keys");
  await keys.row("a").remove();
  await expect(keys.alert).toContainText(`“a”: ${IN_DOUBT}`);
  await expect.poll(() => requests.length).toBe(1);
  await expect(keys.names()).toHaveText(["a"]);
  await expect(keys.row("a").delete).toBeVisible();
});

test("a key whose page is open is looked at again as well", async ({ keys, api, network }) => {
  await api.create({ name: "a" });
  await keys.open();
  await keys.row("a").link.click();
  await network.lose("PATCH /api/keys/*", inDoubt());
  await keys.pageOf("a").disable.click();
  await expect(keys.alert).toContainText(IN_DOUBT);
  await expect(keys.pageOf("a").enable).toBeVisible();
});

test("a key that is gone after all is no more on its page", async ({ keys, api, network, page, watch }) => {
  const { id } = await api.create({ name: "a" });
  await keys.open();
  await keys.row("a").link.click();
  await network.lose("DELETE /api/keys/*", inDoubt());
  watch.expectFailure(404, `/api/keys/${id}`);
  await keys.pageOf("a").delete.click();
  await keys.pageOf("a").confirm.click();
  await expect(page.getByText("No key has the id")).toBeVisible();
});

test("a dialog says it and stays, with the list behind it as it is now", async ({ keys, api, network }) => {
  await api.create({ name: "old name" });
  await keys.open();
  await network.lose("PATCH /api/keys/*", inDoubt());
  await keys.row("old name").rename("new name");
  await keys.dialog.save.click();
  await expect(keys.dialog.error).toContainText(IN_DOUBT);
  await keys.dialog.cancel.click();
  await expect(keys.names()).toHaveText(["new name"]);
});

test("of several keys those are counted apart", async ({ keys, api, network }) => {
  for (const name of ["c", "b", "a"]) await api.create({ name });
  const { id } = (await api.keys()).find((key) => key.name === "b")!;
  await keys.open();
  await network.lose(`DELETE /api/keys/${id}`, inDoubt());
  await keys.select.click();
  for (const name of ["a", "b"]) await keys.row(name).box.check();
  await keys.chosen.delete.click();
  await keys.chosen.count.fill("2");
  await keys.chosen.confirm.click();
  await expect(keys.chosen.root).toContainText("1 key deleted. For 1 key it is not known.");
  await expect(keys.alert).toContainText(IN_DOUBT);
  await expect(keys.names()).toHaveText(["c"]);
});

test("a secret in doubt is looked at again, too", async ({ secrets, api, network }) => {
  await api.keep({ key: "TOKEN", value: "v" });
  await api.keep({ key: "OTHER", value: "v" });
  await secrets.open();
  await network.lose("DELETE /api/secrets/*", inDoubt());
  await secrets.row("TOKEN").choose("Delete");
  await secrets.form.confirm.click();
  await expect(secrets.form.error).toContainText(IN_DOUBT);
  await expect(secrets.names()).toHaveText(["OTHER"]);
});
