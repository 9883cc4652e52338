import { type Locator, type Page, expect } from "@playwright/test";
import { button } from "./elements";
import { KeyBanner } from "./key-banner";
import { KeyDialog } from "./key-dialog";
import { KeyForm } from "./key-form";
import { KeyPage } from "./key-page";
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
  /** Narrows to what may need a person. */
  readonly show: Locator;
  /** Says what became of a key in the search. */
  readonly cut: Locator;
  /** Lets keys be ticked. */
  readonly select: Locator;
  readonly chosen: ChosenBar;

  constructor(page: Page) {
    super(page, { address: SECRETS, title: "API keys", full: "API key", short: "key" });
    this.form = new KeyForm(page.getByRole("form", { name: "Add API key" }));
    this.dialog = new KeyDialog(page.getByRole("dialog"));
    this.banners = page.getByRole("region", { name: "New API key" });
    this.scope = page.getByLabel("Scope", { exact: true });
    this.status = page.getByRole("combobox", { name: "Status" });
    this.sort = page.getByRole("combobox", { name: "Sort" });
    this.show = page.getByRole("combobox", { name: "Show" });
    this.cut = page.getByText("Only the first 8 characters of the key were kept.", { exact: true });
    this.select = button(page, "Select");
    this.chosen = new ChosenBar(page);
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

  heading(name: string): Locator {
    return this.table.getByRole("columnheader", { name });
  }

  /** The page of the key with this name. */
  pageOf(name: string): KeyPage {
    return new KeyPage(this.page, name);
  }

  row(name: string): KeyRow {
    return new KeyRow(this.page, this.rowOf(name), this.dialog, name);
  }
}

/** What may be done to the keys that are ticked. */
export class ChosenBar {
  readonly root: Locator;
  readonly all: Locator;
  readonly disable: Locator;
  readonly delete: Locator;
  readonly dialog: Locator;
  readonly count: Locator;
  readonly confirm: Locator;

  constructor(page: Page) {
    this.root = page.getByRole("group", { name: "Selected keys" });
    this.all = this.root.getByRole("checkbox", { name: "Select all" });
    this.disable = button(this.root, "Disable");
    this.delete = button(this.root, "Delete");
    this.dialog = page.getByRole("dialog", { name: /^Delete \d+ keys?\?$/ });
    this.count = this.dialog.getByRole("textbox", { name: "Number of keys" });
    this.confirm = button(this.dialog, "Delete");
  }
}
