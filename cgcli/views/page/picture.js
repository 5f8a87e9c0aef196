// The picture of the graph: its numbers, what lights up in a step, and what is asked about.

/** A matrix a row a line, its columns below one another. */
function table(value) {
  if (shaped(value).length < 2) return short(value);
  const cells = value.map(row => row.map(v => written(v, 4)));
  const widths = cells[0].map((_, k) => Math.max(...cells.map(row => row[k].length)));
  return cells.map(row => `[${row.map((c, k) => c.padStart(widths[k])).join(", ")}]`).join("\n");
}

/** A number in few characters; a large array by its shape. */
function short(value) {
  const shape = shaped(value);
  if (!shape.length || flat(value).length <= 4) return line(value, 4);
  return shape.length > 1 ? shape.join("×") : `[…] ${shape[0]}`;
}

const shorts = new Map();
function shortOf(key, value) {
  let text = shorts.get(key);
  if (text === undefined) shorts.set(key, text = short(value));
  return text;
}

class Picture {
  constructor(choose) {
    this.root = document.querySelector("svg.graph");
    this.numbers = [];
    this.shapes = [];
    this.arrows = [];
    this.stops = [];
    if (!this.root) return;
    const width = Number(this.root.getAttribute("width"));
    document.body.classList.toggle("wide", width > 660);
    this.root.style.minWidth = `${Math.round(width*0.72)}px`;
    this.root.style.width = `${Math.round(width*1.35)}px`;
    for (const group of this.root.querySelectorAll("g[data-node]")) {
      const node = Number(group.dataset.node);
      this.shapes.push({ node, group, outline: group.querySelector("circle, rect") });
      this.stop(group, { node }, choose);
      for (const text of group.querySelectorAll("text.gradient")) this.write(text, `g${node}`, "Σ ");
    }
    for (const group of this.root.querySelectorAll("g[data-end]")) {
      if (!group.querySelector("path")) this.label(group, `v${group.dataset.end}`, `g${group.dataset.end}`);
    }
    for (const group of this.root.querySelectorAll("g[data-from]")) {
      const { from, to, place } = group.dataset;
      const edge = { from: Number(from), to: Number(to), place: Number(place) };
      if (group.querySelector("path")) {
        this.arrows.push({ edge, group });
        this.stop(group, { edge }, choose);
        group.prepend(svg("path", { class: "reach", d: group.querySelector("path").getAttribute("d") }));
      } else this.label(group, `v${from}`, `s${to}_${place}`);
    }
    this.watch();
    this.root.addEventListener("keydown", event => this.move(event));
    this.stops[0]?.group.setAttribute("tabindex", "0");
  }

  /** Both numbers of an arrow or an end; one that the picture lacks so far is placed by the other. */
  label(group, value, slope) {
    const above = group.querySelector("text.value"), below = group.querySelector("text.gradient");
    if (above) this.write(above, value);
    if (below) this.write(below, slope);
    else if (above && has(slope)) {
      const text = above.cloneNode(false);
      text.setAttribute("class", above.getAttribute("class").replace("value", "gradient"));
      text.setAttribute("y", Number(above.getAttribute("y")) + 14);
      this.write(group.appendChild(text), slope);
    }
  }

  write(text, key, before = "") {
    const lines = [...text.querySelectorAll("tspan")];
    if (!lines.length) text.replaceChildren(document.createTextNode(text.textContent));
    this.numbers.push({ text, node: text.firstChild, key, before, lines, now: null, near: true });
  }

  /** What is out of sight waits until the number has stopped moving. */
  watch() {
    const known = new Map(this.numbers.map(number => [number.text, number]));
    const observer = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) {
        const number = known.get(target);
        number.near = isIntersecting;
        if (isIntersecting) this.fill(number);
      }
    });
    for (const text of known.keys()) observer.observe(text);
  }

  finish() {
    if (data.live) for (const number of this.numbers) this.fill(number);
  }

  stop(group, about, choose) {
    this.stops.push({ group, about });
    build(group, {
      tabindex: "-1", role: "button",
      onpointerenter: () => choose(about, false), onfocus: () => choose(about, false),
      onclick: () => choose(about, true),
    }, []);
  }

  /** The arrow keys go through shapes and arrows, so that the graph is one stop of the tab key. */
  move(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const at = this.stops.findIndex(({ group }) => group === document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = this.stops[(at + step + this.stops.length) % this.stops.length].group;
    this.stops[at].group.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }

  update(noted) {
    if (!this.root) return;
    if (data.live) for (const number of this.numbers) if (number.near) this.fill(number);
    const now = steps[state.step - 1];
    const about = state.chosen, lit = `${state.step} ${JSON.stringify(about)} ${[...noted]}`;
    if (lit === this.lit) return;
    this.lit = lit;
    for (const { node, group, outline } of this.shapes) {
      group.classList.toggle("now", now?.node === node);
      group.classList.toggle("asked", about?.node === node);
      outline.classList.toggle("noted", noted.has(node));
    }
    for (const { edge, group } of this.arrows) {
      group.classList.toggle("now", now?.node === edge.to);
      group.classList.toggle("back", Boolean(now?.back));
      group.classList.toggle("asked", about?.edge?.to === edge.to && about.edge.place === edge.place);
    }
  }

  /** Bring what lights up into view, where the picture is wider than the page. */
  show() {
    const group = this.root?.querySelector("g[data-node].now"), pane = document.getElementById("picture");
    if (!group) return;
    const box = group.getBoundingClientRect(), around = pane.getBoundingClientRect();
    if (box.left < around.left + 30 || box.right > around.right - 30) {
      pane.scrollLeft += box.left - around.left - around.width/2;
    }
    if (box.top < around.top + 30 || box.bottom > around.bottom - 30) {
      pane.scrollTop += box.top - around.top - around.height/2;
    }
  }

  fill(number) {
    const value = seen(number.key), { node, lines } = number;
    let words = "";
    if (value !== undefined) words = number.before + (lines.length ? table(value) : shortOf(number.key, value));
    if (words === number.now) return;
    number.now = words;
    if (!lines.length) node.data = words;
    else words.split("\n").forEach((part, k) => { if (lines[k]) lines[k].textContent = part; });
    if (lines.length && !words) lines.forEach(part => { part.textContent = ""; });
  }

  /** What is read aloud of shapes and arrows; it changes with the numbers. */
  describe() {
    for (const { group, about } of this.stops) {
      const label = about.edge
        ? said("flows", { from: nodes.get(about.edge.from).name, to: nodes.get(about.edge.to).name })
        : [nodes.get(about.node).name, ...["v", "g"].map(kind => [kind, seen(kind + about.node)])
          .filter(([, value]) => value !== undefined)
          .map(([kind, value]) => `${said(kind === "v" ? "value" : "gradient")} ${line(value, 4)}`)]
          .join(", ");
      group.setAttribute("aria-label", label);
    }
  }
}
