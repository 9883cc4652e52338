import type { Locator, Page } from "@playwright/test";
import { button } from "./elements";
import type { KeyDialog } from "./key-dialog";

type MenuItem = "Rename" | "Disable" | "Enable" | "Change expiry" | "Change scopes" | "Change limits" | "Rotate" | "End overlap now";

export class KeyRow {
  /** Leads to the page of the key. */
  readonly link: Locator;
  /** Ticks it, while keys can be selected. */
  readonly box: Locator;
  readonly delete: Locator;
  readonly confirm: Locator;
  readonly deleting: Locator;
  readonly actions: Locator;
  /** The row below it, while the key that was replaced still works. */
  readonly overlap: Locator;
  readonly endOverlap: Locator;

  constructor(
    page: Page,
    readonly root: Locator,
    private readonly dialog: KeyDialog,
    name: string,
  ) {
    this.link = root.getByRole("link", { name, exact: true });
    this.box = root.getByRole("checkbox", { name: `Select ${name}`, exact: true });
    this.delete = button(root, `Delete ${name}`);
    this.confirm = button(root, `Confirm delete ${name}`);
    this.deleting = button(root, `Deleting ${name}`);
    this.actions = button(page, `Actions for ${name}`);
    const table = page.getByRole("table", { name: "API keys" });
    this.overlap = table.getByRole("row").filter({ has: button(page, `End overlap now for ${name}`) });
    this.endOverlap = button(this.overlap, `End overlap now for ${name}`);
  }

  /** A cell by its column, whether or not there is room for it. */
  private cell(column: string): Locator {
    return this.root.locator(`.cell-${column}`);
  }
  get prefix() { return this.cell("key"); }
  get scopes() { return this.cell("scopes"); }
  get created() { return this.cell("created"); }
  get lastUsed() { return this.cell("used"); }
  get expires() { return this.cell("expires"); }
  get status() { return this.cell("status"); }
  /** Shows the scopes that have no room in the row. */
  get moreScopes() { return this.scopes.getByRole("button", { name: /^\+\d+ more scopes of / }); }
  get allScopes() { return this.scopes.getByRole("tooltip"); }

  /** An item of the menu while that is open. */
  item(action: MenuItem): Locator {
    return button(this.root, action);
  }

  /** Opens the menu and chooses from it. */
  async choose(action: MenuItem) {
    await this.actions.click();
    await this.item(action).click();
  }

  /** Chooses Rename and types a name, which is not saved yet. */
  async rename(name: string) {
    await this.choose("Rename");
    await this.dialog.name.fill(name);
  }

  /** Rotates the key as a person does who leaves the time at 24 hours. */
  async rotate() {
    await this.choose("Rotate");
    await this.dialog.rotate.click();
  }

  /** Arms the button and confirms. */
  async remove() {
    await this.delete.click();
    await this.confirm.click();
  }
}
