// What is around every page of somebody who is signed in.

import type { Locator, Page } from "@playwright/test";
import { button } from "./elements";

export class Shell {
  readonly main: Locator;
  readonly skip: Locator;
  readonly navigation: Locator;
  /** What this installation is: its host, documents and version. */
  readonly sidebar: Locator;
  /** Opens the navigation in a narrow window. */
  readonly menu: Locator;
  /** Opens what belongs to the person: theme, shortcuts, the way out. */
  readonly account: Locator;
  readonly signOut: Locator;
  /** The question before a key that nobody copied is lost. */
  readonly question: Locator;
  readonly stay: Locator;
  readonly leaveAnyway: Locator;
  readonly shortcuts: Locator;

  constructor(readonly page: Page) {
    this.main = page.getByRole("main");
    this.skip = page.getByRole("link", { name: "Skip to content" });
    this.navigation = page.getByRole("navigation", { name: "Main" });
    this.sidebar = page.getByRole("complementary", { name: "Sidebar" });
    this.menu = button(page, "Menu");
    this.account = page.getByRole("button", { name: /Account$/ });
    this.signOut = button(page, "Sign out");
    this.question = page.getByRole("dialog", { name: "Leave without the API key?" });
    this.stay = button(this.question, "Stay");
    this.leaveAnyway = button(this.question, "Leave anyway");
    this.shortcuts = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  }

  /** Presses Tab until the element has the focus, as a person would. */
  async tabTo(target: Locator, key: "Tab" | "Shift+Tab" = "Tab") {
    for (let presses = 0; presses < 40; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await this.page.keyboard.press(key);
    }
    throw new Error(`no number of Tabs leads to ${target}`);
  }

  link(name: string): Locator {
    return this.page.getByRole("link", { name });
  }

  /** Of the navigation: the overview's has a number beside its name. */
  navLink(name: string): Locator {
    return this.navigation.getByRole("link", { name: new RegExp(`^${name}`) });
  }

  async openAccount() {
    if (!(await this.signOut.isVisible())) await this.account.click();
  }

  async leave() {
    await this.openAccount();
    await this.signOut.click();
  }

  /** In the menu of the account, which must be open. */
  theme(name: "System" | "Light" | "Dark"): Locator {
    return this.page.getByRole("radio", { name });
  }

  async choose(name: "System" | "Light" | "Dark") {
    await this.openAccount();
    await this.theme(name).check();
  }
}
