import { type Locator, type Page, expect } from "@playwright/test";
import { button } from "./elements";

export const SERVERS = "/admin/replicas";

type Column = "State" | "Last change" | "Lease left" | "Started" | "Version";

export class ServersPage {
  readonly title: Locator;
  readonly table: Locator;
  readonly summary: Locator;
  readonly loading: Locator;
  readonly failed: Locator;
  readonly retry: Locator;

  constructor(readonly page: Page) {
    this.title = page.getByRole("heading", { level: 1, name: "Servers" });
    this.table = page.getByRole("table", { name: "Servers" });
    this.summary = page.getByRole("status").filter({ hasText: /server|Not up to date/ });
    this.loading = page.getByRole("img", { name: "Loading the servers" });
    this.failed = page.getByRole("alert").filter({ hasText: "The servers could not be loaded" });
    this.retry = button(this.failed, "Retry");
  }

  async open() {
    await this.page.goto(SERVERS);
    await expect(this.title).toBeVisible();
  }

  /** What the rows are named, from top to bottom. */
  names(): Locator {
    return this.table.getByRole("rowheader");
  }

  cell(address: string, column: Column): Locator {
    const row = this.table.getByRole("row").filter({ has: this.page.getByRole("rowheader", { name: address }) });
    return row.locator(`[data-label="${column}"]`);
  }
}
