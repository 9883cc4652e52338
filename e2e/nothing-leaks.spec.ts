// One whole story against a server that logs all it can, and then a search for what should
// be nowhere: not in the log, and not on disk.

import { Api } from "./fixtures/api";
import { ADMIN } from "./fixtures/server";
import { expect, test } from "./fixtures/test";
import { KeysPage } from "./pages/keys";

test.use({ serverOptions: { firstStart: true, env: { RUST_LOG: "trace" } } });

test("no secret of a whole story is in the log or on disk", async ({ page, server, watch, setup, signIn, shell, session }) => {
  test.slow();
  page.on("dialog", (dialog) => void dialog.accept());
  const secrets: Record<string, string> = {};
  const keys = new KeysPage(page);
  const token = server.setupToken;

  watch.expectFailure(401, "/api/setup");
  await page.goto("/setup");
  await setup.token.fill((secrets["a wrong setup token"] = "Wrong-Setup-Token-0123456789"));
  await setup.submit();
  await expect(setup.error).toBeVisible();
  await setup.finish(server.setupLink);
  secrets["the first session"] = await session.value();
  await keys.open();

  secrets["a key"] = await keys.create("production");
  expect(await server.statusOf(secrets["a key"])).toBe(200);
  expect(await server.statusOf(secrets["a key"], "POST")).toBe(200);
  await keys.row("production").rotate();
  await expect(keys.banner("production").key).not.toHaveValue(secrets["a key"]);
  secrets["a key that replaced it"] = await keys.banner("production").key.inputValue();
  for (const key of ["a key", "a key that replaced it"]) expect(await server.statusOf(secrets[key])).toBe(200);
  await keys.row("production").rename("renamed");
  await page.keyboard.press("Enter");
  await expect(keys.row("renamed").root).toBeVisible();
  await keys.row("renamed").choose("Disable");
  await expect(keys.row("renamed").status).toHaveText(/Disabled/);
  for (const key of ["a key", "a key that replaced it"]) expect(await server.statusOf(secrets[key])).toBe(401);
  secrets["a key that was never issued"] = `kw_${"Zz9-".repeat(12)}`;
  expect(await server.statusOf(secrets["a key that was never issued"])).toBe(401);
  secrets["a text that is no key"] = "sk-live-0123456789abcdef";
  expect(await server.statusOf(secrets["a text that is no key"])).toBe(401);
  secrets["a key in an address"] = "kw_in_the_query_0123456789";
  expect((await fetch(`${server.url}/api/verify?key=${secrets["a key in an address"]}`)).status).toBe(401);

  await shell.leave();
  await shell.leaveAnyway.click();
  watch.expectFailure(401, "/api/session");
  await signIn.signIn({ ...ADMIN, password: (secrets["a wrong password"] = "Wrong-Battery-Staple") });
  await expect(signIn.error).toBeVisible();
  await signIn.signIn();
  await expect(shell.account).toBeVisible();
  await keys.open();
  await expect(keys.row("renamed").root).toBeVisible();
  secrets["the second session"] = await session.value();

  const api = Api.withSession(server, secrets["the second session"]);
  // Bodies that are refused: the sentence must not quote them.
  secrets["a malformed body"] = "planted-in-a-malformed-body";
  const send = (path: string, body: string) =>
    fetch(server.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", cookie: `${server.sessionCookie}=${secrets["the second session"]}` },
      body,
    });
  for (const path of ["/api/session", "/api/setup", "/api/keys"]) {
    const answers = [`{"password": ${secrets["a malformed body"]}`, `{"password": {"${secrets["a malformed body"]}": 1}}`, `"${secrets["a malformed body"]}"`];
    for (const body of answers) expect((await send(path, body)).ok).toBe(false);
  }
  await api.delete("renamed");
  expect(await server.statusOf(secrets["a key"])).toBe(401);
  expect(await server.stop()).toBe(0);

  secrets["the password"] = ADMIN.password;
  secrets["the encryption key"] = server.encryptionKey;
  secrets["the encryption key in hexadecimal"] = Buffer.from(server.encryptionKey, "base64").toString("hex");
  expect(server.log.length, "the server did log").toBeGreaterThan(10_000);
  expect(server.log).toContain("TRACE");
  const files = (await server.files()).toString("latin1");
  expect(files.length, "there is a database").toBeGreaterThan(10_000);
  for (const [what, secret] of Object.entries(secrets)) {
    expect(secret.length, what).toBeGreaterThan(15);
    const line = server.log.split("\n").find((line) => line.includes(secret));
    expect(line, `${what} is in the log`).toBeUndefined();
    expect(files.includes(secret), `${what} is on disk`).toBe(false);
  }
  // The link is printed for the person who started the server, once.
  const lines = server.log.split("\n").filter((line) => line.includes(token));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("No user yet: open ");
  expect(files.includes(token)).toBe(false);
});
