// Opens the pages of `roles mine --html` and `compare --html` in Chromium and checks what a test in Rust
// cannot see.
//
//   node pages.mjs PAGE.html... [--shots FOLDER]
//
// CHROMIUM names the browser; the default is Debian's. Exit code 1: something is wrong.

import { basename } from "node:path";
import { accessible, at, check, cut, done, open, openAll, shoot, visit } from "./common.mjs";

const files = process.argv.slice(2);
const flag = files.indexOf("--shots");
if (flag >= 0) at.shots = files.splice(flag, 2)[1];
if (files.length === 0) {
  console.error("usage: node pages.mjs PAGE.html... [--shots FOLDER]");
  process.exit(2);
}

for (const file of files) {
  visit(file);
  const of = basename(file, ".html");
  for (const [size, width] of [["wide", 1200], ["phone", 390], ["narrow", 320]]) {
    for (const colorScheme of ["light", "dark"]) {
      const name = `${of}-${size}-${colorScheme}`;
      const page = await open(name, { viewport: { width, height: 900 }, colorScheme });
      await shoot(page, name);
      await accessible(page, name);
      await openAll(page);
      if (width < 600) {
        const found = await cut(page);
        check(found.length === 0, `${name}: ${found.slice(0, 4).join("; ")}`);
      }
      await accessible(page, `${name}, all open`);
      const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
      check(scrolled <= width, `${name}: the page is ${scrolled} wide and scrolls sideways`);
      const low = await page.evaluate(() =>
        [...document.querySelectorAll("nav a, summary, button, input")]
          .filter((own) => own.checkVisibility())
          .map((own) => [own.textContent.trim().slice(0, 40), own.getBoundingClientRect().height])
          .filter(([, height]) => height > 0 && height < 24),
      );
      check(low.length === 0, `${name}: targets below 24 px: ${JSON.stringify(low.slice(0, 3))}`);
      await page.context().close();
    }
  }

  // The contents lead to every section, and a table is sorted by a click.
  {
    const page = await open(`${of}, script`, { viewport: { width: 1200, height: 900 } });
    for (const link of await page.locator("nav a").all()) {
      const place = await link.getAttribute("href");
      await link.click();
      const seen = await page.evaluate((place) => {
        const box = document.querySelector(place).getBoundingClientRect();
        return box.bottom > 0 && box.top < innerHeight;
      }, place);
      check(seen, `${of}: the contents do not lead to ${place}`);
    }
    const table = page.locator("table.sortable").first();
    if ((await table.count()) > 0) {
      const first = () => table.locator("tbody tr > :first-child").allTextContents();
      const up = [...(await first())].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
      await table.locator("thead button").first().click();
      check(JSON.stringify(await first()) === JSON.stringify(up), `${of}: the first click does not sort`);
    }
    await page.context().close();
  }

  // Without scripts everything is there.
  {
    const page = await open(`${of}, no script`, { viewport: { width: 1200, height: 900 } }, false);
    check((await page.locator("button, .filter").count()) === 0, `${of}, no script: something dead`);
    check((await page.locator("h1").innerText()).length > 0, `${of}, no script: no head`);
    check((await page.locator("main table, main section p").count()) > 0, `${of}, no script: no text`);
    await page.context().close();
  }

  // On paper: black on white, everything opened, no navigation.
  {
    const page = await open(`${of}, print`, { viewport: { width: 700, height: 900 }, colorScheme: "dark" });
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const seen = await page.evaluate(() => ({
      nav: document.querySelector("nav").checkVisibility(),
      ground: getComputedStyle(document.documentElement).backgroundColor,
      ink: getComputedStyle(document.documentElement).color,
      folded: [...document.querySelectorAll("main details > :not(summary)")].filter((own) => own.getBoundingClientRect().height === 0).length,
      wide: document.documentElement.scrollWidth,
    }));
    check(!seen.nav, `${of}, print: the navigation is printed`);
    check(seen.ground === "rgb(255, 255, 255)" && seen.ink === "rgb(0, 0, 0)", `${of}, print: ${seen.ink} on ${seen.ground}`);
    check(seen.folded === 0, `${of}, print: ${seen.folded} folded parts are not printed`);
    check(seen.wide <= 700, `${of}, print: ${seen.wide} wide`);
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true, path: at.shots ? `${at.shots}/${of}.pdf` : undefined });
    check(pdf.length > 10_000, `${of}, print: a PDF comes out`);
    await page.context().close();
  }
}

await done();
