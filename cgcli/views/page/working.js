// The working: the lines of the trace, and what they show after so many steps.

class Lines {
  constructor() {
    this.slots = [];
    this.cases = [];
  }

  /** A row as an element; rows for some cases only are shown in those. */
  row(row) {
    const parts = [];
    if (row.label) parts.push(html("span", { class: "label" }, sentence(row.label, this.slots)));
    if (row.sides) parts.push(this.sides(row));
    if (row.conditions) parts.push(html("span", { class: "if" }, "(", ...this.listed(row.conditions), ")"));
    if (row.aside) parts.push(html("span", { class: row.words ? "what" : "aside" }, sentence(row.aside, this.slots)));
    const element = html("div", { class: `row ${row.kind}` }, ...parts);
    if (row.when) this.cases.push({ element, when: row.when });
    return element;
  }

  listed(texts) {
    return texts.flatMap((text, k) => [k ? ", " : "", formula(text, this.slots)]);
  }

  sides(row) {
    const key = blankOf(row), last = row.sides.length - 1;
    const sides = row.sides.map((text, k) => key && k === last ? this.blank(key)
      : formula(text, this.slots, { displaystyle: "true" }));
    return html("span", { class: "sides" }, ...sides.map((side, k) =>
      html("span", { class: k === sides.length - 1 ? "side last" : "side" },
        k ? html("span", { class: "equals" }, "=") : "", side)));
  }

  blank(key) {
    const [, kind, text, place] = parts(key), node = nodes.get(Number(text));
    const by = name => `∂${nodes.get(data.output).name}/∂${name}`;
    const name = kind === "v" ? node.name : kind === "g" ? by(node.name)
      : `${by(nodes.get(node.arguments[place]).name)} ${said("through", { use: node.name })}`;
    const field = html("input", {
      type: "text", inputmode: "decimal", autocomplete: "off", size: 8, class: "answer",
      "data-key": key, "aria-label": said("answer", { name }),
      oninput: () => {
        const value = typed(field.value);
        if (value === undefined) state.answers.delete(key);
        else state.answers.set(key, { text: field.value, value });
        refresh();
      },
    });
    return html("span", {}, field, html("span", { class: "mark", "data-mark": key }));
  }

  update() {
    for (const { element, when } of this.cases) element.hidden = !holds(when);
    for (const slot of this.slots) {
      const value = seen(slot.key);
      if (value === undefined) slot.put(null, "", "blank");
      else slot.put(value, textOf(slot.key, value));
    }
  }
}

/** All lines, an item of a list each with those that belong to it. */
class Working {
  constructor(root, go) {
    this.steps = [];
    this.marks = [];
    this.items = new Map();
    let list = null, item = null;
    for (const row of data.rows) {
      const step = row.level === 1 || !item || !list ? new Lines() : this.items.get(item);
      const element = step.row(row);
      if (!row.level) {
        const heading = row.kind === "heading" ? html("h3", {}, ...element.childNodes) : element;
        root.append(heading);
        this.items.set(heading, step);
        list = item = null;
        continue;
      }
      const kind = row.step ? "ol" : "ul";
      if (list?.localName !== kind) root.append(list = html(kind, { class: "lines" }));
      if (row.number || !item || !row.step || item.parentNode !== list) {
        list.append(item = html("li", { class: row.kind }));
        this.items.set(item, step);
      }
      if (row.number) {
        item.append(html("button", {
          type: "button", class: "number", "aria-label": said("goto", { step: row.number }),
          onclick: () => go(row.number),
        }, String(row.number)));
        this.steps.push(item);
      }
      item.append(element);
    }
    for (const element of root.querySelectorAll("[data-mark]")) this.marks.push(element);
    // What is out of sight waits until the number has stopped moving.
    this.near = new Set();
    this.late = new Set();
    const observer = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) {
        this.near[isIntersecting ? "add" : "delete"](target);
        if (isIntersecting && this.late.delete(target)) this.items.get(target).update();
      }
    });
    for (const element of this.items.keys()) observer.observe(element);
  }

  /** Update what is out of sight. */
  finish() {
    for (const element of this.late) this.items.get(element).update();
    this.late.clear();
  }

  update() {
    for (const [element, lines] of this.items) {
      if (this.near.has(element)) lines.update();
      else this.late.add(element);
    }
    this.steps.forEach((item, k) => {
      item.classList.toggle("now", k + 1 === state.step);
      item.classList.toggle("later", k + 1 > state.step);
      if (k + 1 === state.step) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    for (const element of this.marks) {
      const field = element.previousSibling;
      const kind = mark(element.dataset.mark) || (field.value.trim() ? "unread" : "");
      const signs = { right: "✓", follows: "≈", wrong: "✗", unread: "?" };
      element.className = `mark ${kind}`;
      element.textContent = kind ? `${signs[kind]} ${said(kind)}` : "";
      field.disabled = knownAt(element.dataset.mark) > state.step;
      field.setAttribute("aria-invalid", String(kind === "wrong"));
    }
  }

  /** Bring the step into view; what is above it has its height when it was seen once. */
  show(isAgain = false) {
    if (!isAgain) requestAnimationFrame(() => this.show(true));
    const item = this.steps[state.step - 1], pane = document.getElementById("working");
    if (!item || pane.scrollHeight <= pane.clientHeight) return;
    const box = item.getBoundingClientRect(), around = pane.getBoundingClientRect();
    const bottom = Math.min(around.bottom, innerHeight);
    if (box.top < around.top + 40 || box.bottom > bottom) {
      pane.scrollTop += box.top - around.top - around.height/3;
    }
  }
}

/** The text of a number, written once for all its places. */
const texts = new Map();
function textOf(key, value) {
  let text = texts.get(key);
  if (text === undefined) texts.set(key, text = line(value));
  return text;
}
