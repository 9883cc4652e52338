import type { Locator } from "@playwright/test";
import { button } from "./elements";

export const CREATED = "API key created. Copy it now; you won't be able to see it again.";

export const ROTATED = "API key rotated. Copy it now; you won't be able to see it again.";

/** Shows a new key, once. */
export class KeyBanner {
  readonly status: Locator;
  readonly key: Locator;
  readonly command: Locator;
  readonly copy: Locator;
  readonly copied: Locator;
  readonly pressCtrlC: Locator;
  readonly copyCommand: Locator;
  /** Of a key that nobody copied: it asks. */
  readonly dismiss: Locator;
  readonly dismissUncopied: Locator;
  /** Of a key that was copied. */
  readonly done: Locator;
  /** Unfold and fold a key that was copied. */
  readonly show: Locator;
  readonly hide: Locator;

  constructor(readonly root: Locator) {
    this.status = root.getByRole("status");
    this.key = root.getByRole("textbox", { name: "API key", exact: true });
    this.command = root.getByRole("textbox", { name: "curl command", exact: true });
    this.copy = button(root, "Copy");
    this.copied = button(root, "Copied");
    this.pressCtrlC = button(root, "Press Ctrl+C");
    this.copyCommand = button(root, "Copy curl command");
    this.dismiss = button(root, "Dismiss");
    this.dismissUncopied = button(root, "Dismiss without copying?");
    this.done = button(root, "Done");
    this.show = button(root, "Show key");
    this.hide = button(root, "Hide key");
  }

  /** Gives the key up, which nobody copied. */
  async giveUp() {
    await this.dismiss.click();
    await this.dismissUncopied.click();
  }
}
