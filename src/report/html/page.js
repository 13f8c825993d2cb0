"use strict";
(() => {
  const text = (row, index) => (row.cells[index] ? row.cells[index].textContent.trim() : "");
  const number = (value) => {
    const plain = value.replace(/[\s,]/g, "").replace("<", "");
    return plain !== "" && /^-?\d+(\.\d+)?%?$/.test(plain) ? parseFloat(plain) : null;
  };
  const compare = (a, b) => {
    const x = number(a), y = number(b);
    if (x !== null && y !== null) return x - y;
    return a.localeCompare(b, "en", { numeric: true });
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => (down ? -1 : 1) * compare(text(a, index), text(b, index)));
        table.tBodies[0].append(...rows);
      });
    });
  }

  let boxes = 0;
  for (const table of document.querySelectorAll("table[data-filter]")) {
    const id = "filter-" + ++boxes;
    const bar = document.createElement("p");
    bar.className = "filter";
    const label = document.createElement("label");
    label.htmlFor = id;
    label.textContent = "Filter " + table.dataset.filter + " ";
    const box = document.createElement("input");
    box.type = "search";
    box.id = id;
    box.autocomplete = "off";
    const status = document.createElement("span");
    status.setAttribute("role", "status");
    bar.append(label, box, " ", status);
    table.closest(".scroll").before(bar);
    const rows = [...table.tBodies[0].rows];
    const haystack = rows.map((row) => row.textContent.toLowerCase());
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, index) => {
        const fits = words.every((word) => haystack[index].includes(word));
        row.hidden = !fits;
        if (fits) shown += 1;
      });
      status.textContent = words.length ? shown + " of " + rows.length + " rows" : "";
    });
  }

  // Copies a command; where there is no clipboard, the text is selected for the keyboard.
  const said = document.createElement("p");
  said.className = "vh";
  said.setAttribute("role", "status");
  document.querySelector("main").append(said);
  for (const line of document.querySelectorAll(".cmd")) {
    const code = line.querySelector("code");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy the command " + code.textContent.slice(0, 60));
    line.append(button);
    const tell = (word) => {
      button.textContent = word;
      said.textContent = word;
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    };
    const select = () => {
      const range = document.createRange();
      range.selectNodeContents(code);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
    };
    button.addEventListener("click", () => {
      const fallback = () => {
        select();
        tell(document.execCommand("copy") ? "Copied" : "Selected");
      };
      if (!navigator.clipboard) fallback();
      else navigator.clipboard.writeText(code.textContent).then(() => tell("Copied"), fallback);
    });
  }

  // A link into something folded opens it, also in a browser that would not.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    for (let own = target; own; own = own.parentElement) if (own.tagName === "DETAILS") own.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // The table of contents: closed after a choice where it lies over the page, and marked
  // with the section that is read.
  const toc = document.querySelector(".toc");
  const links = new Map([...toc.querySelectorAll("a")].map((own) => [own.hash.slice(1), own]));
  toc.addEventListener("click", (event) => {
    if (event.target.tagName === "A") toc.open = false;
  });
  const seen = new Set();
  const mark = () => {
    const first = [...links.keys()].find((id) => seen.has(id));
    for (const [id, link] of links) {
      if (id === first) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) seen.add(entry.target.id);
      else seen.delete(entry.target.id);
    }
    mark();
  }, { rootMargin: "-10% 0px -60% 0px" });
  for (const id of links.keys()) {
    const section = document.getElementById(id);
    if (section && id !== "annex") watch.observe(section);
  }

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("main details:not([open])")];
    for (const own of closed) own.open = true;
  });
  addEventListener("afterprint", () => {
    for (const own of closed) own.open = false;
    closed = [];
  });
})();
