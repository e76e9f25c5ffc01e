"use strict";
(() => {
  // A copy button takes what stands before it, or selects it where a page may not use the clipboard.
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = button.previousElementSibling;
      try {
        await navigator.clipboard.writeText(source.value ?? source.textContent);
        button.textContent = "Copied";
      } catch {
        if (source.select) { source.focus(); source.select(); } else getSelection().selectAllChildren(source);
        button.textContent = "Selected, now copy it";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 4000);
    });
  }

  const tools = document.getElementById("tools");
  if (!tools) return;
  const query = document.getElementById("q");
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const same = document.getElementById("same");
  const selects = Array.from(tools.querySelectorAll("select"));
  const total = shown.textContent;

  // Groups are the partners with their changes, and the blocks of lines that are folded away.
  // An entry is a change or a line; its text is read when somebody first searches.
  const groups = Array.from(document.querySelectorAll("#list tbody"), (body) => ({
    node: body, head: body.querySelector("tr.p"), entries: Array.from(body.querySelectorAll("tr:not(.p)"), (row) => ({
      node: row, has: {...row.dataset, object: row.cells[1].firstChild.textContent},
    })),
  }));
  for (const list of same ? same.querySelectorAll("ul") : []) {
    groups.push({node: list, folded: true, entries: Array.from(list.children, (node) => ({
      node, has: {action: same.dataset.action, status: same.dataset.status, object: node.lastChild.textContent},
    }))});
  }
  const all = groups.reduce((n, group) => n + group.entries.length, 0);
  const read = () => {
    for (const group of groups) {
      if (group.read) continue;
      group.read = true;
      const head = group.head ? group.head.textContent + " " : "";
      for (const entry of group.entries) entry.text = (head + entry.node.textContent).toLowerCase();
    }
  };

  // Each select offers the values that occur, with counts; one without values is hidden.
  for (const select of selects) {
    const found = new Map();
    for (const group of groups) {
      for (const entry of group.entries) {
        for (const value of valuesOf(entry, select.name)) found.set(value, (found.get(value) || 0) + 1);
      }
    }
    for (const value of Array.from(found.keys()).sort()) {
      select.add(new Option(value + " (" + found.get(value).toLocaleString("en") + ")", value));
    }
    select.parentElement.hidden = found.size === 0;
  }
  function valuesOf(entry, name) {
    const value = entry.has[name];
    if (!value) return [];
    return name === "hazard" ? value.split(" ").filter(Boolean) : [value];
  }

  let openedHere = false;
  const apply = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = selects.filter((s) => s.value).map((s) => [s.name, s.value]);
    const filtered = words.length + wanted.length > 0;
    if (words.length) read();
    let count = 0, folded = 0;
    for (const group of groups) {
      let hits = 0;
      for (const entry of group.entries) {
        const match = wanted.every(([name, value]) => valuesOf(entry, name).includes(value)) && words.every((word) => entry.text.includes(word));
        if (entry.node.hidden === match) entry.node.hidden = !match;
        if (match) hits++;
      }
      if (group.node.hidden !== (hits === 0)) group.node.hidden = hits === 0;
      count += hits;
      if (group.folded) folded += hits;
    }
    if (same) {
      same.hidden = folded === 0;
      if (filtered && folded > 0 && !same.open) same.open = openedHere = true;
      if (!filtered && openedHere) same.open = openedHere = false;
    }
    shown.textContent = count === all ? total : "Showing " + count.toLocaleString("en") + " of " + shown.dataset.all;
    none.hidden = count > 0;
    return filtered;
  };

  // The address keeps the filter, so that what is shown can be sent to somebody.
  const keep = (filtered) => {
    const state = new URLSearchParams();
    for (const control of [query, ...selects]) if (control.value) state.set(control.name, control.value);
    try { history.replaceState(null, "", filtered ? "#" + state : "#changes"); } catch { /* some viewers forbid it */ }
  };
  const follow = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    const controls = [query, ...selects];
    if (!controls.some((control) => state.has(control.name))) return;
    for (const control of controls) control.value = state.get(control.name) || "";
    apply();
    const list = document.getElementById("changes");
    list.scrollIntoView();
    list.focus({preventScroll: true});
  };

  let frame = 0;
  const soon = () => { frame ||= requestAnimationFrame(() => { frame = 0; keep(apply()); }); };
  tools.addEventListener("input", soon);
  tools.addEventListener("reset", () => setTimeout(soon, 0));
  tools.addEventListener("submit", (event) => { event.preventDefault(); soon(); });
  addEventListener("hashchange", follow);

  // Paper shows the evidence of what went wrong and every partner that it is
  // about, which the screen hides behind a click.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("tr:not([hidden]):has(.pill.bad) .why details:not([open]), article details:not([open])"));
    for (const d of closed) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of closed) d.open = false; });
  tools.hidden = false;
  follow();
})();
