import { type Locator, type Page, expect } from "@playwright/test";
import { KeyBanner } from "./key-banner";
import { KeyDialog } from "./key-dialog";
import { KeyForm } from "./key-form";
import { KeyRow } from "./key-row";
import { TablePage } from "./list";

export const SECRETS = "/settings/secrets";

/** A full key, as section 2 of the format says: `kw_` and 48 characters of base64url. */
export const KEY = /^kw_[A-Za-z0-9_-]{48}$/;

export class KeysPage extends TablePage {
  readonly form: KeyForm;
  readonly dialog: KeyDialog;
  readonly banners: Locator;
  readonly scope: Locator;
  readonly status: Locator;
  readonly sort: Locator;

  constructor(page: Page) {
    super(page, { address: SECRETS, title: "API keys", full: "API key", short: "key" });
    this.form = new KeyForm(page.getByRole("form", { name: "Add API key" }));
    this.dialog = new KeyDialog(page.getByRole("dialog"));
    this.banners = page.getByRole("region", { name: "New API key" });
    this.scope = page.getByLabel("Scope", { exact: true });
    this.status = page.getByRole("combobox", { name: "Status" });
    this.sort = page.getByRole("combobox", { name: "Sort" });
  }

  /** Opens the form and fills the name in. */
  async begin(name: string) {
    await this.add.click();
    await this.form.name.fill(name);
  }

  /** Creates a key as a person does, and answers it as the banner shows it. */
  async create(name: string): Promise<string> {
    await this.begin(name);
    await this.form.create.click();
    return this.newKey(name);
  }

  /** The key that the banner of this name shows. */
  async newKey(name: string): Promise<string> {
    const { key } = this.banner(name);
    await expect(key).toHaveValue(KEY);
    return key.inputValue();
  }

  banner(name: string): KeyBanner {
    return new KeyBanner(this.banners.filter({ has: this.page.getByText(name, { exact: true }) }));
  }

  row(name: string): KeyRow {
    return new KeyRow(this.page, this.rowOf(name), this.dialog, name);
  }
}
