// What the checks of all pages have in common.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

// The page that is looked at, and the folder for screenshots.
export const at = { url: "", shots: undefined };

export function visit(file) {
  at.url = pathToFileURL(resolve(file)).href;
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
export const wrong = [];
let passed = 0;

export function check(fine, what) {
  if (fine) passed += 1;
  else wrong.push(what);
}

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"], // CI runs as root, and the page is our own
});

export async function open(name, options, scripts = true) {
  const context = await browser.newContext({ ...options, javaScriptEnabled: scripts });
  const page = await context.newPage();
  page.on("console", (message) => wrong.push(`${name}: console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`${name}: error: ${error.message}`));
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== at.url) wrong.push(`${name}: request to ${request.url()}`);
  });
  await page.goto(at.url);
  return page;
}

export async function shoot(page, name) {
  if (!at.shots) return;
  mkdirSync(at.shots, { recursive: true });
  await page.screenshot({ path: `${at.shots}/${name}.png`, fullPage: true });
}

export async function accessible(page, name) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate((values) => axe.run(document, { runOnly: { type: "tag", values } }), rules);
  check(passes.length > 20, `${name}: axe ran too few rules (${passes.length})`);
  for (const found of violations) {
    wrong.push(`${name}: axe ${found.id}: ${found.nodes.length} × ${found.help}: ${found.nodes[0].html.slice(0, 160)}`);
  }
}

// What of the tables is cut at the edge of a narrow page, and heads that no cell has in front of it.
export const cut = (page) => page.evaluate(() => {
  const found = [];
  const words = (content) => content.replace(/^"|"$/g, "");
  for (const table of document.querySelectorAll("table")) {
    if (!table.checkVisibility()) continue;
    const heads = [...table.tHead.rows[0].cells];
    if (table.tHead.checkVisibility()) found.push(`a table with a row of heads: ${table.caption.textContent.slice(0, 40)}`);
    for (const row of [...table.tBodies[0].rows].slice(0, 40)) {
      if (row.getBoundingClientRect().right > innerWidth) found.push(`a card leaves the page: ${row.textContent.slice(0, 40)}`);
      [...row.cells].forEach((cell, index) => {
        if (!cell.checkVisibility()) return;
        if (cell.scrollWidth > cell.clientWidth + 1) found.push(`a cell is cut: ${cell.textContent.slice(0, 40)}`);
        const label = words(getComputedStyle(cell, "::before").content);
        if (index > 0 && label !== heads[index].textContent.trim()) found.push(`${heads[index].textContent} is called ${label}`);
      });
    }
  }
  for (const region of document.querySelectorAll(".scroll:has(table)")) {
    if (region.checkVisibility() && region.scrollWidth > region.clientWidth + 1) found.push(`a region scrolls: ${region.getAttribute("aria-label")}`);
  }
  return [...new Set(found)];
});

export const openAll = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((own) => (own.open = true)));

// What was found, on standard error; the program ends with 1 where something is wrong.
export async function done() {
  await browser.close();
  for (const line of wrong) console.error(`browser: ${line}`);
  console.log(`${passed} passed, ${wrong.length} failed`);
  process.exit(wrong.length === 0 ? 0 : 1);
}
