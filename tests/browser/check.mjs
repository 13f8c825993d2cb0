// Opens a report in Chromium and checks what a test in Rust cannot see.
//
//   node check.mjs REPORT.html [FOLDER FOR SCREENSHOTS]
//
// CHROMIUM names the browser; the default is Debian's. Exit code 1: something is wrong.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [report, shots] = process.argv.slice(2);
if (!report) {
  console.error("usage: node check.mjs REPORT.html [FOLDER]");
  process.exit(2);
}
const url = pathToFileURL(resolve(report)).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const wrong = [];
let passed = 0;

function check(fine, what) {
  if (fine) passed += 1;
  else wrong.push(what);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"], // CI runs as root, and the page is our own
});

async function open(name, options, scripts = true) {
  const context = await browser.newContext({ ...options, javaScriptEnabled: scripts });
  const page = await context.newPage();
  page.on("console", (message) => wrong.push(`${name}: console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`${name}: error: ${error.message}`));
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== url) wrong.push(`${name}: request to ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

async function shoot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

async function accessible(page, name) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate((values) => axe.run(document, { runOnly: { type: "tag", values } }), rules);
  check(passes.length > 20, `${name}: axe ran too few rules (${passes.length})`);
  for (const found of violations) {
    wrong.push(`${name}: axe ${found.id}: ${found.nodes.length} × ${found.help}: ${found.nodes[0].html.slice(0, 160)}`);
  }
}

const openAll = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((own) => (own.open = true)));

for (const [name, width, colorScheme] of [
  ["wide-light", 1280, "light"],
  ["wide-dark", 1280, "dark"],
  ["narrow-light", 320, "light"],
  ["narrow-dark", 320, "dark"],
]) {
  const page = await open(name, { viewport: { width, height: 900 }, colorScheme });
  await shoot(page, name);
  await accessible(page, name);
  await openAll(page);
  await accessible(page, `${name}, all open`);
  const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
  check(scrolled <= width, `${name}: the page is ${scrolled} wide and scrolls sideways`);
  const targets = await page.evaluate(() =>
    [...document.querySelectorAll("nav a, summary, button, input")]
      .filter((own) => own.checkVisibility())
      .map((own) => [own.textContent.trim().slice(0, 40), own.getBoundingClientRect().height])
      .filter(([, height]) => height > 0 && height < 24),
  );
  check(targets.length === 0, `${name}: targets below 24 px: ${JSON.stringify(targets.slice(0, 3))}`);
  await page.context().close();
}

// Sorting and filtering.
{
  const page = await open("script", { viewport: { width: 1280, height: 900 } });
  const table = page.locator("table[data-filter=recommendations]");
  const column = (n) => table.locator(`tbody tr:visible > :nth-child(${n})`).allTextContents();
  const before = await column(1);
  await table.locator("thead button").first().click();
  const up = await column(1);
  check(JSON.stringify(up) === JSON.stringify([...before].sort((a, b) => a.localeCompare(b, "en", { numeric: true }))), "script: the first click sorts upwards");
  await table.locator("thead button").first().click();
  const down = await column(1);
  check(down[0] === up[up.length - 1] && down.length === before.length, "script: the second click sorts downwards");
  check((await table.locator("thead th").first().getAttribute("aria-sort")) === "descending", "script: the order is told");
  const word = before[0].trim();
  await page.getByLabel("Filter recommendations").fill(word.toUpperCase());
  const left = await column(1);
  check(left.length > 0 && left.length < before.length, `script: the filter leaves ${left.length} of ${before.length}`);
  check((await page.locator(".filter [role=status]").first().textContent()).startsWith(`${left.length} of `), "script: the number of rows is told");
  await page.keyboard.press("Tab");
  check(await page.evaluate(() => document.activeElement !== document.body), "script: the keyboard moves on");
  await page.context().close();
}

// Without scripts everything is there, and nothing pretends to work.
{
  const page = await open("no script", { viewport: { width: 1280, height: 900 } }, false);
  check((await page.locator("button.sort").count()) === 0, "no script: no dead button");
  check((await page.locator(".filter").count()) === 0, "no script: no dead filter");
  await page.locator("summary").first().click();
  check((await page.locator("details").first().getAttribute("open")) !== null, "no script: details open");
  check((await page.locator("h1").innerText()).length > 0, "no script: the head is readable");
  const rows = await page.locator("table[data-filter=recommendations] tbody tr").count();
  check(rows > 0, "no script: the rows are there");
  await shoot(page, "no-script");
  await page.context().close();
}

// On paper: white, the annex opened, no navigation.
{
  const page = await open("print", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const seen = await page.evaluate(() => ({
    nav: document.querySelector("nav").checkVisibility(),
    ground: getComputedStyle(document.documentElement).backgroundColor,
    ink: getComputedStyle(document.documentElement).color,
    inside: document.querySelector("details.client dl").getBoundingClientRect().height,
  }));
  check(!seen.nav, "print: the navigation is hidden");
  check(seen.ground === "rgb(255, 255, 255)" && seen.ink === "rgb(0, 0, 0)", `print: black on white, not ${seen.ink} on ${seen.ground}`);
  check(seen.inside > 0, "print: closed details are printed");
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true, path: shots ? `${shots}/print.pdf` : undefined });
  check(pdf.length > 20_000, "print: a PDF comes out");
  await page.context().close();
}

await browser.close();
for (const line of wrong) console.error(`browser: ${line}`);
console.log(`${passed} passed, ${wrong.length} failed`);
process.exit(wrong.length === 0 ? 0 : 1);
