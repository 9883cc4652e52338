// Typing or pasting the value of a secret: it is stored to the byte.

import { expect, test } from "./fixtures/test";

const PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----";

test.describe("adding", () => {
  test("shows and covers what is typed", async ({ secrets }) => {
    await secrets.open();
    await secrets.add.click();
    await secrets.form.value.fill("typed");
    await secrets.form.show.click();
    await expect(secrets.form.value).toHaveValue("typed");
    await expect(secrets.form.value).not.toHaveAttribute("type", "password");
    await secrets.form.hide.click();
    await expect(secrets.form.value).toHaveAttribute("type", "password");
    await expect(secrets.form.value).toHaveValue("typed");
  });

  test("keeps the line breaks of what is pasted", async ({ secrets, page, api, clipboard }) => {
    await clipboard.allow();
    await secrets.open();
    await clipboard.write(PEM);
    await secrets.add.click();
    await secrets.form.key.fill("TLS_KEY");
    await secrets.form.value.focus();
    await page.keyboard.press("Control+v");
    await expect(secrets.form.value).toHaveValue(PEM);
    await expect(secrets.dialog.getByText("A value of several lines stays visible while you edit it.")).toBeVisible();
    await secrets.form.save.click();
    await expect(secrets.row("TLS_KEY").root).toBeVisible();
    expect(await api.valueOf("TLS_KEY")).toBe(PEM);
  });

  test("keeps what is pasted to the byte, and says how much that is", async ({ secrets, api, clipboard }) => {
    const value = "first\r\nsecond\r\n";
    await secrets.open();
    await secrets.add.click();
    await secrets.form.key.fill("CRLF");
    await secrets.form.value.focus();
    await clipboard.paste(value);
    await expect(secrets.dialog.getByText("To be stored: 15 bytes, 2 lines, CR LF line ends, a line break at the end.")).toBeVisible();
    await secrets.form.save.click();
    await expect(secrets.row("CRLF").root).toBeVisible();
    expect(await api.valueOf("CRLF")).toBe(value);
    await secrets.row("CRLF").reveal.click();
    await expect(secrets.row("CRLF").under).toContainText("15 bytes, 2 lines, CR LF line ends, a line break at the end.");
    await expect(secrets.row("CRLF").under).toContainText("Copy keeps the line ends; this field does not.");

    // A browser's field makes LF of them once it is edited: that is said before it is sent.
    await secrets.row("CRLF").choose("Edit");
    await secrets.form.value.focus();
    await clipboard.paste(value);
    await secrets.form.value.press("End");
    await secrets.form.value.press("x");
    const edited = await secrets.form.value.inputValue();
    expect(edited).not.toContain("\r");
    await expect(secrets.dialog.getByText(`To be stored: ${edited.length} bytes, 3 lines.`)).toBeVisible();
    await secrets.form.save.click();
    await expect(secrets.dialog).toBeHidden();
    expect(await api.valueOf("CRLF")).toBe(edited);
  });

  test("says of a short value what is stored", async ({ secrets, api }) => {
    await secrets.open();
    await secrets.add.click();
    await secrets.form.key.fill("TOKEN");
    await secrets.form.value.fill("t\u00f6ken ");
    await expect(secrets.dialog.getByText("To be stored: 7 bytes, a space at the end.")).toBeVisible();
    await secrets.form.save.click();
    await expect(secrets.row("TOKEN").root).toBeVisible();
    expect(await api.valueOf("TOKEN")).toBe("t\u00f6ken ");
  });
});
