import type { Locator, Page } from "@playwright/test";
import { button, link } from "./elements";

/** What is known of one key, beside the list or in its place. */
export class KeyPage {
  readonly root: Locator;
  readonly title: Locator;
  readonly close: Locator;
  readonly copyId: Locator;
  readonly copyPrefix: Locator;
  readonly copyCommand: Locator;
  readonly command: Locator;
  readonly rename: Locator;
  readonly changeScopes: Locator;
  readonly changeLimits: Locator;
  readonly changeExpiry: Locator;
  readonly endOverlap: Locator;
  readonly rotate: Locator;
  readonly disable: Locator;
  readonly enable: Locator;
  readonly delete: Locator;
  readonly confirm: Locator;
  readonly alert: Locator;
  /** What the audit log says, newest first. */
  readonly entries: Locator;
  readonly allEntries: Locator;

  constructor(page: Page, name: string) {
    this.root = page.getByRole("region", { name, exact: true });
    this.title = this.root.getByRole("heading", { name, exact: true });
    this.close = this.root.getByRole("button", { name: "Close", exact: true }).first();
    this.copyId = this.root.getByRole("button", { name: /Copy id$/ });
    this.copyPrefix = this.root.getByRole("button", { name: /Copy prefix$/ });
    this.copyCommand = button(this.root, "Copy curl command");
    this.command = this.root.getByRole("textbox", { name: "curl command" });
    this.rename = button(this.root, "Rename");
    this.changeScopes = button(this.root, "Change scopes");
    this.changeLimits = button(this.root, "Change limits");
    this.changeExpiry = button(this.root, "Change expiry");
    this.endOverlap = button(this.root, `End overlap now for ${name}`);
    this.rotate = button(this.root, "Rotate");
    this.disable = button(this.root, "Disable");
    this.enable = button(this.root, "Enable");
    this.delete = button(this.root, `Delete ${name}`);
    this.confirm = button(this.root, `Confirm delete ${name}`);
    this.alert = this.root.getByRole("alert");
    this.entries = this.root.getByRole("list", { name: "Audit" }).getByRole("listitem");
    this.allEntries = link(this.root, "All entries about this name");
  }

  /** What is said about a fact, by its term. */
  fact(term: string): Locator {
    return this.root.getByRole("definition").and(this.root.locator(`dt:text-is("${term}") + dd`));
  }
}
