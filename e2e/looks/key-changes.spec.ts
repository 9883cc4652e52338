// What is done to a key that exists.

import { effective, inDoubt } from "../fixtures/answers";
import { ROTATED } from "../pages/key-banner";
import { expect, state, test } from "./look";
import { AWAY, replaced, rows } from "./samples";

test(state("key-armed"), async ({ keys, api }) => {
  await rows(api);
  await keys.open();
  await keys.row("staging").delete.press("Enter");
  await expect(keys.row("staging").confirm).toBeVisible();
});

test(state("key-not-deleted"), async ({ keys, api, network }) => {
  await rows(api);
  await keys.open();
  await network.fail("DELETE /api/keys/*", AWAY);
  await keys.row("staging").delete.press("Enter");
  await keys.row("staging").confirm.press("Enter");
  await expect(keys.alert).toBeVisible();
});

test(state("key-rotate"), async ({ keys, api }) => {
  await rows(api);
  await api.replace("staging", 3_600);
  await keys.open();
  await keys.row("staging").choose("Rotate");
  await expect(keys.dialog.root).toContainText("Two keys work at present.");
});

test(state("key-not-rotated"), async ({ keys, api, network }) => {
  await rows(api);
  await keys.open();
  await network.fail("POST /api/keys/*/rotate", AWAY);
  await keys.row("staging").rotate();
  await expect(keys.dialog.error).toBeVisible();
});

test(state("key-rotated"), async ({ keys, api }) => {
  await rows(api);
  await keys.open();
  await keys.row("staging").rotate();
  await expect(keys.banner("staging").status).toHaveText(ROTATED);
});

test(state("key-change-limits"), async ({ keys, api, server }) => {
  await replaced(api, server);
  await keys.open();
  await keys.row("laptop of Ada").choose("Change limits");
  await keys.dialog.limits.fill({ networks: ["10.0.0.0/8", "192.168.178.0/24", "2001:db8:1234:5678:9abc:def0:1234:5678", "127.0.0.0/8"] });
});

test(state("key-limits-with-mistakes"), async ({ keys, api, watch }) => {
  const { id } = await api.create({ name: "ci" });
  await keys.open();
  await keys.row("ci").choose("Change limits");
  await keys.dialog.limits.fill({ requests: "100", networks: ["home", "x".repeat(80)] });
  watch.expectFailure(400, `/api/keys/${id}`);
  await keys.dialog.save.click();
  await expect(keys.dialog.root.getByText("Expected a network")).toBeVisible();
});

test(state("key-menu"), async ({ keys, api }) => {
  await rows(api);
  await api.replace("staging", 3_600);
  await keys.open();
  await keys.row("staging").actions.click();
  await expect(keys.row("staging").item("Rename")).toBeVisible();
});

test(state("key-rename"), async ({ keys, api }) => {
  await rows(api);
  await keys.open();
  await keys.row("staging").rename("");
  await keys.dialog.save.click();
  await expect(keys.dialog.root.getByText("Name is required")).toBeVisible();
});

test(state("key-change-expiry"), async ({ keys, api }) => {
  await rows(api);
  await keys.open();
  await keys.row("staging").choose("Change expiry");
  await expect(keys.dialog.expiryDate).toBeVisible();
});

for (const [name, answer] of [["everywhere", effective(3, 0, 18)], ["fenced", effective(2, 1, 5012)]] as const) {
  test(state(`key-deleted-${name}`), async ({ keys, api, network, page }) => {
    // It goes after ten seconds, and is looked at for longer.
    await page.addInitScript(() => {
      const wait = window.setTimeout.bind(window);
      window.setTimeout = ((run: () => void, ms?: number) => wait(run, ms === 10_000 ? 600_000 : ms)) as typeof window.setTimeout;
    });
    await rows(api);
    await keys.open();
    await network.amend("DELETE /api/keys/*", answer);
    await keys.row("staging").delete.press("Enter");
    await keys.row("staging").confirm.press("Enter");
    await expect(keys.page.getByRole("status").getByText(/^“staging” deleted\. Revoked on/)).toBeVisible();
  });
}

test(state("key-in-doubt"), async ({ keys, api, network }) => {
  await rows(api);
  await keys.open();
  await network.lose("DELETE /api/keys/*", inDoubt("0192f0aa-77aa-7b3c-9d5e-1f2a3b4c5d6e"));
  await keys.row("staging").delete.press("Enter");
  await keys.row("staging").confirm.press("Enter");
  await expect(keys.alert).toBeVisible();
  await expect(keys.row("staging").root).toBeHidden();
});
