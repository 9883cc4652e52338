// From the address to the first rows, and from a typed text, a filter or a click to its rows,
// as the browser sees it: from the event to the frame that shows them.

import type { Page } from "@playwright/test";
import { nameOf } from "../fixtures/many";
import { BrowserSession } from "../fixtures/session";
import { expect, test } from "../fixtures/test";
import { SECRETS } from "../pages/keys";

const KEYS = Number(process.env.KEYS ?? 100_000);
const RUNS = Number(process.env.RUNS ?? 9);

test.use({ serverOptions: { keys: KEYS } });

/** Remembers when the first row was drawn, in milliseconds since the navigation began. */
function watchFirstRow() {
  const marked = globalThis as unknown as { firstRow?: number };
  new MutationObserver((_, observer) => {
    if (!document.querySelector("tbody th")) return;
    observer.disconnect();
    requestAnimationFrame(() => (marked.firstRow = performance.now()));
  }).observe(document, { childList: true, subtree: true });
}

/** Does something and answers how long it took until the first row had this name. */
function until(page: Page, act: { input?: string; choose?: string; click?: string }, name: string): Promise<number> {
  return page.evaluate(
    ([act, name]) =>
      new Promise<number>((resolve) => {
        const began = performance.now();
        const look = () => {
          if (document.querySelector("tbody th")?.textContent !== name) return;
          observer.disconnect();
          requestAnimationFrame(() => resolve(performance.now() - began));
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
        const set = (selector: string, value: string, event: string) => {
          const field = document.querySelector<HTMLInputElement>(selector)!;
          field.value = value;
          field.dispatchEvent(new Event(event, { bubbles: true }));
        };
        if (act.input !== undefined) set("#search", act.input, "input");
        if (act.choose !== undefined) set(".toolbar .filter:has(option[value=expired]) select", act.choose, "change");
        if (act.click !== undefined) [...document.querySelectorAll<HTMLElement>(".pager a")].find((link) => link.textContent === act.click)!.click();
      }),
    [act, name] as const,
  );
}

function print(what: string, times: number[]) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)]!.toFixed(0).padStart(6);
  console.log(`  ${what.padEnd(44)} ${at(0.5)} ${at(1)}`);
}

test(`the page with ${KEYS} keys`, async ({ browser, server, baseURL }) => {
  const firstRows: number[] = [];
  const searches: number[] = [];
  const filters: number[] = [];
  const pages: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    // A fresh profile: nothing of the page is in its cache.
    const context = await browser.newContext({ ...(baseURL ? { baseURL } : {}) });
    await new BrowserSession(context, server).begin();
    const page = await context.newPage();
    await page.addInitScript(watchFirstRow);
    await page.goto(SECRETS);
    await expect(page.locator("tbody th")).toHaveCount(100);
    firstRows.push(await page.evaluate(() => (globalThis as unknown as { firstRow: number }).firstRow));

    const wanted = KEYS - 1 - 617 * (run + 1);
    searches.push(await until(page, { input: nameOf(wanted).toUpperCase() }, nameOf(wanted)));
    searches.push(await until(page, { input: "" }, nameOf(KEYS)));
    filters.push(await until(page, { choose: "expired" }, nameOf(KEYS - 25 + (KEYS % 50 === 0 ? 0 : 25))));
    filters.push(await until(page, { choose: "" }, nameOf(KEYS)));
    for (let turn = 1; turn < 4; turn += 1) pages.push(await until(page, { click: "Next" }, nameOf(KEYS - 100 * turn)));
    await context.close();
  }
  console.log(`\n  ${`${KEYS} keys, ${RUNS} runs, in milliseconds`.padEnd(44)} median    max`);
  print("from the address to the first rows", firstRows);
  print("from a typed text to its rows", searches);
  print("from a chosen status to its rows", filters);
  print("from Next to the rows of the next page", pages);
});
