import type { Locator, Page } from "@playwright/test";
import { button } from "./elements";
import type { KeyDialog } from "./key-dialog";

type MenuItem = "Rename" | "Disable" | "Enable" | "Change expiry" | "Change limits" | "Rotate" | "End overlap now";

export class KeyRow {
  readonly delete: Locator;
  readonly confirm: Locator;
  readonly deleting: Locator;
  readonly actions: Locator;
  /** The row below it, while the key that was replaced still works. */
  readonly overlap: Locator;
  readonly endOverlap: Locator;

  constructor(
    private readonly page: Page,
    readonly root: Locator,
    private readonly dialog: KeyDialog,
    name: string,
  ) {
    this.delete = button(page, `Delete ${name}`);
    this.confirm = button(page, `Confirm delete ${name}`);
    this.deleting = button(page, `Deleting ${name}`);
    this.actions = button(page, `Actions for ${name}`);
    this.endOverlap = button(page, `End overlap now for ${name}`);
    this.overlap = page.getByRole("row").filter({ has: this.endOverlap });
  }

  /** A cell by its number, from 1 for the key to 6 for the status. */
  private cell(number: number): Locator {
    return this.root.getByRole("cell").nth(number - 1);
  }
  get prefix() { return this.cell(1); }
  get scopes() { return this.cell(2); }
  get created() { return this.cell(3); }
  get lastUsed() { return this.cell(4); }
  /** Shows the scopes that have no room in the row. */
  get moreScopes() { return this.scopes.getByRole("button", { name: /^\+\d+ more scopes of / }); }
  get allScopes() { return this.scopes.getByRole("tooltip"); }
  get expires() { return this.cell(5); }
  get status() { return this.cell(6); }

  /** An item of the menu while that is open. */
  item(action: MenuItem): Locator {
    return button(this.page, action);
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
