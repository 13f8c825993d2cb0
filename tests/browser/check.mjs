// Opens a report in Chromium and checks what a test in Rust cannot see.
//
//   node check.mjs REPORT.html FIRST.html [FOLDER FOR SCREENSHOTS]
//
// REPORT.html knows an earlier month, FIRST.html is the first report there is.
// CHROMIUM names the browser; the default is Debian's. Exit code 1: something is wrong.

import { accessible, at, check, cut, done, open, openAll, shoot, visit, wrong } from "./common.mjs";

const [report, first, shots] = process.argv.slice(2);
if (!report || !first) {
  console.error("usage: node check.mjs REPORT.html FIRST.html [FOLDER]");
  process.exit(2);
}
visit(report);
at.shots = shots;

// Texts of the charts, as far as they are drawn, that lie on each other or leave the page.
const overlaps = (page) => page.evaluate(() => {
  const drawn = (text) => {
    const own = text.getBoundingClientRect();
    const clip = text.parentElement.closest(".bars svg, .plot")?.matches(".bars svg")
      ? text.parentElement.getBoundingClientRect() : null;
    const right = clip ? Math.min(own.right, clip.right) : own.right;
    return { left: own.left, right, top: own.top, bottom: own.bottom, text: text.textContent };
  };
  const found = [];
  for (const figure of document.querySelectorAll("figure")) {
    const texts = [...figure.querySelectorAll("svg text")].filter((own) => own.checkVisibility() && own.textContent).map(drawn);
    const bars = [...figure.querySelectorAll(".bars rect[class^=k-], .bars .track")].map((own) => ({ ...own.getBoundingClientRect().toJSON(), text: "a bar" }));
    texts.forEach((one, index) => {
      if (one.right > innerWidth || one.left < 0) found.push(`${one.text} leaves the page`);
      for (const other of [...texts.slice(index + 1), ...bars]) {
        const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        // The box of a line of text is taller than its letters.
        if (wide > 0.5 && high > 3) found.push(`${one.text} on ${other.text} (${Math.round(wide)} x ${Math.round(high)})`);
      }
    });
  }
  return { found, texts: document.querySelectorAll("figure svg text").length };
});

for (const [name, width, colorScheme] of [
  ["wide-light", 1280, "light"],
  ["wide-dark", 1280, "dark"],
  ["phone-light", 390, "light"],
  ["phone-dark", 390, "dark"],
  ["narrow-light", 320, "light"],
  ["narrow-dark", 320, "dark"],
]) {
  const page = await open(name, { viewport: { width, height: 900 }, colorScheme });
  await shoot(page, name);
  const charts = await overlaps(page);
  check(charts.texts > 30 && charts.found.length === 0, `${name}: labels: ${charts.found.slice(0, 4).join("; ")}`);
  await accessible(page, name);
  await openAll(page);
  if (width < 600) {
    const wrong = await cut(page);
    check(wrong.length === 0, `${name}: ${wrong.slice(0, 4).join("; ")}`);
  }
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

// The first load lays out the front, and the annexes when they are opened.
{
  const page = await open("load", { viewport: { width: 1280, height: 900 } });
  const { all, laid } = await page.evaluate(() => {
    const all = [...document.querySelectorAll("body *")];
    return { all: all.length, laid: all.filter((own) => own.checkVisibility()).length };
  });
  check(laid * 2 < all, `load: ${laid} of ${all} elements are laid out at first`);
  check((await page.locator(".fold").count()) === 8, "load: each annex is folded");
  await page.context().close();
}

// The table of contents stays in sight, and each of its links leads somewhere.
for (const [name, width] of [["contents", 1280], ["contents, phone", 390]]) {
  const page = await open(name, { viewport: { width, height: 800 } });
  const lost = await page.evaluate(() => [...document.querySelectorAll("a[href^='#']")].map((own) => own.hash.slice(1)).filter((id) => !document.getElementById(id)));
  check(lost.length === 0, `${name}: links to nothing: ${lost.slice(0, 3)}`);
  await page.evaluate(() => document.querySelector("#decisions").scrollIntoView());
  const top = await page.evaluate(() => document.querySelector("nav").getBoundingClientRect().top);
  check(top >= -1 && top < 60, `${name}: after scrolling it begins at ${top}`);
  if (width < 1000) {
    const height = await page.evaluate(() => document.querySelector("nav").getBoundingClientRect().height);
    check(height < 60, `${name}: closed, it takes ${height} px of the page`);
    await page.locator("nav summary").click();
  } else {
    await page.waitForFunction(() => document.querySelector("nav a[aria-current]"));
    check((await page.locator("nav a[aria-current]").getAttribute("href")) === "#decisions", `${name}: the section that is read is marked`);
  }
  await page.locator("nav a[href='#annex-g']").click();
  const shown = () => page.evaluate(() => {
    const own = document.querySelector("#annex-g");
    const box = own.getBoundingClientRect();
    return own.checkVisibility() && box.top >= 0 && box.top < innerHeight;
  });
  check(await shown(), `${name}: a link to an annex opens it`);
  check((await page.locator(".toc").getAttribute("open")) === null, `${name}: it is closed after a choice`);
  await page.context().close();
}

// Each row of removals leads to its explanation; a command is copied without network.
{
  const page = await open("links", { viewport: { width: 1280, height: 900 } });
  for (const [section, of] of [["#now", "th"], ["#suspend", "th"], ["#human", "td"]]) {
    const rows = page.locator(`${section} tbody tr`);
    check((await rows.count()) > 0, `links: ${section} has rows`);
    for (let at = 0; at < (await rows.count()); at += 1) {
      const link = rows.nth(at).locator(`${of} a[href^='#']`).first();
      const name = (await link.textContent()).trim();
      await link.click();
      const told = await page.evaluate(() => {
        const own = document.querySelector(location.hash);
        const box = own.getBoundingClientRect();
        const section = own.closest("details.client");
        return { seen: own.checkVisibility() && box.top >= 0 && box.top < innerHeight, text: section.textContent };
      });
      check(told.seen && told.text.includes(name), `links: ${section} row ${at + 1} does not lead to ${name}`);
    }
  }
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const line = page.locator("#now .cmd").first();
  const wanted = await line.locator("code").textContent();
  check(wanted.startsWith("scopetrim analyze "), `links: the plan is written by ${wanted}`);
  await line.locator("button").click();
  await line.getByText("Copied").waitFor();
  check((await page.evaluate(() => navigator.clipboard.readText())) === wanted, "links: the command is on the clipboard");
  await page.context().close();
}

// By keyboard alone: what has the focus is framed, in sight, and not behind something.
for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [390, "light"]]) {
  const name = `focus, ${width} ${scheme}`;
  const page = await open(name, { viewport: { width, height: 800 }, colorScheme: scheme, reducedMotion: "reduce" });
  const seen = new Set();
  for (let at = 0; at < 60; at += 1) {
    await page.keyboard.press("Tab");
    const told = await page.evaluate(() => {
      const own = document.activeElement;
      if (own === document.body) return null;
      const style = getComputedStyle(own);
      const box = own.getBoundingClientRect();
      // A long region may begin behind the contents: some of it has to be in sight.
      const free = [0.1, 0.5, 0.9].some((part) => {
        const over = document.elementFromPoint(box.left + 4, box.top + part * box.height);
        return over && (own.contains(over) || over.contains(own));
      });
      const inside = box.bottom > 0 && box.top < innerHeight;
      return { what: own.outerHTML.slice(0, 70), framed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, free, inside };
    });
    if (!told) break;
    seen.add(told.what);
    if (!(told.framed && told.free && told.inside)) wrong.push(`${name}: ${JSON.stringify(told)}`);
  }
  check(seen.size > 30, `${name}: the keyboard reaches ${seen.size} places`);
  await page.context().close();
}

// The first report of all has a sentence in place of a chart of one dot.
{
  const known = at.url;
  visit(first);
  for (const [name, width] of [["first", 1280], ["first, phone", 390]]) {
    const page = await open(name, { viewport: { width, height: 900 } });
    await shoot(page, name.replace(", ", "-"));
    check((await page.locator("#chart-lines svg").count()) === 0, `${name}: no chart of one dot`);
    check((await page.locator("#chart-lines p").innerText()).includes("first month"), `${name}: a sentence says why`);
    const charts = await overlaps(page);
    check(charts.texts > 10 && charts.found.length === 0, `${name}: labels: ${charts.found.slice(0, 4).join("; ")}`);
    await accessible(page, name);
    await page.context().close();
  }
  at.url = known;
}

// Sorting and filtering.
{
  const page = await open("script", { viewport: { width: 1280, height: 900 } });
  await openAll(page);
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
  check((await page.locator(".cmd button").count()) === 0, "no script: no dead button to copy");
  const whole = await page.locator("#now .cmd code").first().evaluate((own) => getComputedStyle(own).userSelect);
  check(whole === "all", `no script: a click selects the whole command, not ${whole}`);
  await page.locator("#now tbody th a").first().click();
  check(await page.locator("dl:target").isVisible(), "no script: a link opens what it leads to");
  await page.locator("main details > summary").first().click();
  check((await page.locator("main details").first().getAttribute("open")) !== null, "no script: details open");
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
    folded: [...document.querySelectorAll(".fold > div")].filter((own) => own.getBoundingClientRect().height === 0).length,
    buttons: [...document.querySelectorAll("button")].filter((own) => own.className !== "sort" && own.checkVisibility()).length,
  }));
  check(!seen.nav, "print: the navigation is hidden");
  check(seen.ground === "rgb(255, 255, 255)" && seen.ink === "rgb(0, 0, 0)", `print: black on white, not ${seen.ink} on ${seen.ground}`);
  check(seen.inside > 0 && seen.folded === 0, `print: closed details are printed (${seen.folded} annexes are not)`);
  check(seen.buttons === 0, "print: no button to copy on paper");
  // The first two sheets: A4 less its margins, 96 dots to the inch.
  await page.setViewportSize({ width: Math.round((184 / 25.4) * 96), height: 900 });
  const sheets = 2 * (273 / 25.4) * 96;
  const signed = await page.evaluate(() => document.querySelector("#sign").getBoundingClientRect().bottom + scrollY);
  check(signed <= sheets, `print: the signatures end at ${Math.round(signed)} of ${Math.round(sheets)}, behind the second sheet`);
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true, path: shots ? `${shots}/print.pdf` : undefined });
  check(pdf.length > 20_000, "print: a PDF comes out");
  await page.context().close();
}

await done();
