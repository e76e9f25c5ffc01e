"use strict";
(() => {
  const tools = document.getElementById("tools");
  const query = document.getElementById("q");
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const rows = Array.from(document.getElementById("body").rows);
  const selects = Array.from(tools.querySelectorAll("select"));
  const total = shown.textContent;

  // Each select offers the values that occur, with counts; one without values is hidden.
  for (const select of selects) {
    const found = new Map();
    for (const row of rows) {
      for (const value of (row.dataset[select.dataset.by] || "").split(" ")) {
        if (value) found.set(value, (found.get(value) || 0) + 1);
      }
    }
    for (const value of Array.from(found.keys()).sort()) {
      select.add(new Option(value + " (" + found.get(value).toLocaleString("en") + ")", value));
    }
    select.parentElement.hidden = found.size === 0;
  }

  // The text of a row is read once, when somebody first searches.
  const texts = [];
  const text = (i) => texts[i] ?? (texts[i] = rows[i].textContent.toLowerCase());

  const apply = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = selects.filter((s) => s.value).map((s) => [s.dataset.by, s.value]);
    let count = 0;
    rows.forEach((row, i) => {
      const match = wanted.every(([by, value]) => (row.dataset[by] || "").split(" ").includes(value)) &&
        words.every((word) => text(i).includes(word));
      if (row.hidden === match) row.hidden = !match;
      if (match) count++;
    });
    shown.textContent = count === rows.length ? total : "Showing " + count.toLocaleString("en") + " of " + shown.dataset.all;
    none.hidden = count > 0;
  };

  let timer = 0;
  const soon = () => { clearTimeout(timer); timer = setTimeout(apply, rows.length > 2000 ? 200 : 60); };
  tools.addEventListener("input", soon);
  tools.addEventListener("reset", () => setTimeout(apply, 0));
  tools.addEventListener("submit", (event) => { event.preventDefault(); apply(); });

  // Paper shows the evidence of what went wrong and every partner of an alert,
  // which the screen hides behind a click.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("tr:not([hidden]):has(.pill.bad) .why details:not([open]), article details:not([open])"));
    for (const d of closed) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of closed) d.open = false; });
  tools.hidden = false;
})();
