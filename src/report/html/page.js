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

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const own of closed) own.open = true;
  });
  addEventListener("afterprint", () => {
    for (const own of closed) own.open = false;
    closed = [];
  });
})();
