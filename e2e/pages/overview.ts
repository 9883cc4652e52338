// The first page of somebody who is signed in.

import { type Locator, type Page, expect } from "@playwright/test";
import { button, link } from "./elements";

export class OverviewPage {
  readonly title: Locator;
  readonly search: Locator;
  /** What needs attention, the worst first. */
  readonly items: Locator;
  readonly calm: Locator;
  readonly keepsCopy: Locator;
  /** The bars of a day. */
  readonly bars: Locator;
  readonly table: Locator;
  readonly changes: Locator;
  /** The steps of a new installation. */
  readonly guide: Locator;

  constructor(readonly page: Page) {
    this.title = page.getByRole("heading", { level: 1, name: "Overview" });
    this.search = page.getByRole("searchbox", { name: "Find a key" });
    const attention = page.getByRole("region", { name: "Needs attention" });
    this.items = attention.getByRole("listitem");
    this.calm = attention.getByText("Nothing needs attention.");
    this.keepsCopy = button(attention, "I keep a copy");
    const verifications = page.getByRole("region", { name: "Verifications, last 24 hours" });
    this.bars = verifications.getByRole("img");
    this.table = verifications.getByRole("table");
    this.changes = page.getByRole("region", { name: "Last changes" }).getByRole("listitem");
    this.guide = page.getByRole("region", { name: "To the first call" });
  }

  async open(query = "") {
    await this.page.goto(`/${query}`);
    await expect(this.title).toBeVisible();
    await expect(this.changes.or(this.page.getByText("Nothing was changed yet.")).first()).toBeVisible();
  }

  count(label: string): Locator {
    return this.page.getByRole("navigation", { name: "What is stored" }).getByRole("link", { name: label });
  }

  addKey(): Locator {
    return link(this.guide, "Add API key");
  }

  choice(name: string): Locator {
    return this.guide.getByRole("radio", { name });
  }

  example(): Locator {
    return this.guide.getByLabel("Example", { exact: true });
  }
}
