// The panels: inputs, gradient descent, and what is said of a node or an arrow.

/** A round number from some size on: 1, 2 or 5 times a power of ten. */
function round(size) {
  const power = 10**Math.floor(Math.log10(size));
  return [1, 2, 5, 10].find(k => k*power >= size*(1 - 1e-12))*power;
}

/** A number as it can be typed. */
function plain(number) {
  return String(Number(number.toPrecision(data.digits)));
}

/** An input: a field for each number, and a slider; that of an array moves the number chosen. */
class Input {
  constructor(input, moved) {
    this.input = input;
    this.node = nodes.get(input.node);
    this.moved = moved;
    this.fields = [];
    this.at = [];
    const name = this.node.name, label = formula(this.node.tex);
    const fixed = input.fixed || !data.live;
    const value = state.inputs.get(input.node);
    const grid = this.grid(value, [], fixed);
    this.slider = html("input", {
      type: "range", "aria-label": said("slider", { name }), disabled: fixed,
      oninput: () => this.put(this.at, Number(Number(this.slider.value).toPrecision(12))),
    });
    this.learns = html("input", {
      type: "checkbox", "aria-label": `${name}: ${said("learns")}`,
      checked: input.learns && !input.fixed, disabled: fixed || !input.learns,
    });
    this.element = html("div", { class: "input", title: input.fixed ? said("fixed") : false },
      html("label", {}, this.learns, label), grid, this.slider);
    this.first = value;
    this.choose(this.fields[0]?.at ?? []);
  }

  grid(value, at, fixed) {
    if (Array.isArray(value)) {
      const shown = value.slice(0, 16).map((part, k) => this.grid(part, [...at, k], fixed));
      const more = value.length > 16 ? [html("span", {}, `… ${value.length}`)] : [];
      return html("span", { class: at.length || !Array.isArray(value[0]) ? "line" : "grid" }, ...shown, ...more);
    }
    const element = at.length ? ` ${said("element", { element: `[${at.join(", ")}]` })}` : "";
    const field = html("input", {
      type: "text", inputmode: "decimal", autocomplete: "off", size: at.length ? 5 : 7, disabled: fixed,
      "aria-label": said("field", { name: this.node.name }) + element,
      onfocus: () => this.choose(at),
      oninput: () => {
        const typedValue = typed(field.value);
        field.setAttribute("aria-invalid", String(typeof typedValue !== "number"));
        if (typeof typedValue === "number") this.put(at, typedValue, field);
      },
      onblur: () => { field.setAttribute("aria-invalid", "false"); this.show(); },
    });
    this.fields.push({ field, at });
    return field;
  }

  get(at) {
    return at.reduce((value, k) => value[k], state.inputs.get(this.input.node));
  }

  choose(at) {
    this.at = at;
    const value = this.get(at), size = Number.isFinite(value) ? Math.abs(value) : 1;
    if (!(size <= this.reach) || this.reach > 4*Math.max(2*size, 2)) this.reach = round(Math.max(2*size, 2));
    build(this.slider, { min: -this.reach, max: this.reach, step: this.reach/200 }, []);
    this.show();
  }

  put(at, value, from = null) {
    const change = (array, rest) => rest.length
      ? array.map((part, k) => k === rest[0] ? change(part, rest.slice(1)) : part) : value;
    state.inputs.set(this.input.node, change(state.inputs.get(this.input.node), at));
    if (Math.abs(value) > this.reach) this.choose(at);
    this.show(from);
    this.moved();
  }

  show(except = null) {
    for (const { field, at } of this.fields) {
      const text = plain(this.get(at));
      if (field !== except && field !== document.activeElement && field.value !== text) field.value = text;
      field.classList.toggle("chosen", this.fields.length > 1 && at.join() === this.at.join());
    }
    this.slider.value = String(this.get(this.at));
    this.slider.setAttribute("aria-valuetext", written(this.get(this.at)));
  }
}

/** The textbook's third step: every weight less the rate times its gradient, and what it costs. */
class Descent {
  constructor(root, inputs, moved) {
    this.inputs = inputs;
    this.moved = moved;
    this.rate = html("input", { type: "text", inputmode: "decimal", id: "rate", size: 6, value: "0.1" });
    const rule = formula("W \\leftarrow W - \\eta \\cdot \\frac{\\partial " + nodes.get(data.output).tex + "}{\\partial W}");
    this.status = html("p", { role: "status" });
    this.curve = svg("svg", { class: "curve", viewBox: "0 0 320 90", role: "img" });
    root.append(
      html("div", { class: "bar" },
        html("label", { for: "rate" }, said("rate")), this.rate,
        html("button", { type: "button", id: "take", onclick: () => this.take() }, rule, html("span", { class: "hidden" }, said("take"))),
        html("button", { type: "button", id: "reset", onclick: () => this.reset() }, said("reset"))),
      this.curve, this.status);
    this.clear();
  }

  take() {
    const rate = typed(this.rate.value);
    this.rate.setAttribute("aria-invalid", String(typeof rate !== "number"));
    if (typeof rate !== "number") return;
    const less = (value, slope) => Array.isArray(value)
      ? value.map((part, k) => less(part, slope[k])) : value - rate*slope;
    for (const { input, learns } of this.inputs) {
      if (learns.checked && has(`g${input.node}`)) {
        state.inputs.set(input.node, less(state.inputs.get(input.node), of(`g${input.node}`)));
      }
    }
    this.moved(true);
    state.history.push(of(`v${data.output}`));
    this.draw();
  }

  reset() {
    for (const { input, first: value } of this.inputs) state.inputs.set(input.node, value);
    this.moved(true);
    this.clear();
  }

  /** Begin a new curve where the inputs were moved by hand. */
  clear() {
    state.history = data.live ? [of(`v${data.output}`)] : [];
    this.draw();
  }

  draw() {
    const costs = state.history.filter(Number.isFinite), name = nodes.get(data.output).name;
    const low = Math.min(...costs), high = Math.max(...costs), span = high - low || 1;
    const points = state.history.map((cost, k) => [
      8 + 304*k/Math.max(state.history.length - 1, 10), 80 - 68*(cost - low)/span])
      .filter(point => point.every(Number.isFinite));
    this.curve.setAttribute("aria-label", said("curve", { name }));
    this.curve.replaceChildren(svg("path", { class: "axis", d: "M8 4V84H316" }),
      svg("polyline", { points: points.map(p => p.map(x => x.toFixed(1)).join(",")).join(" ") }),
      ...points.map(([x, y]) => svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: points.length > 60 ? 1 : 2.6 })));
    this.status.textContent = said("taken", {
      count: state.history.length - 1, name, value: written(state.history.at(-1) ?? NaN) });
  }
}

/** What is said of the node or the arrow that is pointed at. */
class Details {
  constructor(root) {
    this.root = root;
    this.lines = null;
    this.show(null);
  }

  show(about) {
    this.lines = new Lines();
    this.products = [];
    this.sums = [];
    const parts = !about ? [html("p", { class: "aside" }, said("choose"))]
      : about.edge ? this.edge(about.edge) : this.node(nodes.get(about.node));
    this.root.replaceChildren(...parts);
    this.update();
  }

  math(text) {
    return formula(text, this.lines.slots);
  }

  number(key) {
    return has(key) ? this.math(`\x0e${key}\x0f`) : "";
  }

  edge({ from, to, place }) {
    const names = { from: nodes.get(from).name, to: nodes.get(to).name };
    const sent = `s${to}_${place}`, items = [["on", { value: `\x0ev${from}\x0f` }]];
    if (has(sent)) {
      const local = has(`p${to}_${place}`) ? `\x0ep${to}_${place}\x0f` : `∂${names.to}/∂${names.from}`;
      items.push(["sends", { upstream: `\x0eg${to}\x0f`, local, sent: `\x0e${sent}\x0f` }]);
    }
    return [html("h3", {}, said("flows", names)), html("ul", {}, ...items.map(([key, values]) =>
      html("li", {}, sentence(said(key, values), this.lines.slots))))];
  }

  node(node) {
    const equation = [node.tex, node.formula].filter(Boolean).join(" = ");
    const turn = node.turn ? [" (", this.math(node.turn), ")"] : [];
    const title = html("h3", {}, this.math(equation), ...turn);
    const facts = html("p", { class: "facts" }, ...["v", "g"].filter(kind => has(kind + node.id)).flatMap(kind => [
      html("span", { class: "label" }, said(kind === "v" ? "value" : "gradient")), this.number(kind + node.id), " "]));
    const rows = data.rows.filter(row => row.node === node.id && row.back && row.level === 2 && row.kind !== "sum");
    const locals = rows.map(row => this.lines.row({ ...row, sides: row.sides?.map(String) }));
    return [title, facts, ...locals, ...this.ledger(node), ...this.paths(node)];
  }

  /** What each use sends to a node, and their sum so far. */
  ledger(node) {
    const uses = usesOf.get(node.id).filter(edge => has(`s${edge.to}_${edge.place}`));
    if (!data.live || !node.active) return [];
    if (node.id === data.output) return [html("p", {}, said("output"))];
    if (!uses.length) return [html("p", {}, said("none"))];
    const turns = uses.some(edge => nodes.get(edge.to).turn);
    const heads = ["use", ...(turns ? ["time"] : []), "upstream", "local", "part", "total"];
    const rows = [...uses].reverse().map((edge, k, all) => {
      const user = nodes.get(edge.to), key = `${edge.to}_${edge.place}`;
      const sum = html("td", {});
      this.sums.push({ cell: sum, keys: all.slice(0, k + 1).map(e => `s${e.to}_${e.place}`) });
      return html("tr", {}, html("th", { scope: "row" }, this.math(`${user.tex} = ${user.formula}`)),
        ...(turns ? [html("td", {}, this.math(user.turn))] : []),
        html("td", {}, this.number(`g${edge.to}`)), html("td", {}, this.number(`p${key}`)),
        html("td", {}, this.number(`s${key}`)), sum);
    });
    return [html("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": said("sum") },
      html("table", {}, html("caption", {}, said("sum")),
        html("thead", {}, html("tr", {}, ...heads.map(key => html("th", { scope: "col" }, said(key))))),
        html("tbody", {}, ...rows)))];
  }

  /** The paths from a node to the output, each a product of local derivatives. */
  paths(node) {
    if (!data.live || node.id === data.output || !node.active) return [];
    const counts = new Map([[data.output, 1]]);
    const sent = id => usesOf.get(id).filter(edge => has(`s${edge.to}_${edge.place}`));
    const known = data.nodes.map(n => n.id).filter(id => id < data.output).reverse();
    for (const id of known) counts.set(id, sent(id).reduce((sum, edge) => sum + (counts.get(edge.to) ?? 0), 0));
    const count = counts.get(node.id) ?? 0, paths = [], pending = [[node.id, []]];
    while (pending.length && paths.length < 12) {
      const [id, path] = pending.pop();
      if (id === data.output) paths.push(path);
      else for (const edge of sent(id)) if (counts.get(edge.to)) pending.push([edge.to, [...path, edge]]);
    }
    if (!count) return [];
    const items = paths.map(path => {
      const names = [node, ...path.map(edge => nodes.get(edge.to))];
      const arrows = names.flatMap((n, k) => [k ? " → " : "", formula(n.tex)]);
      const scalar = path.every(edge => has(`p${edge.to}_${edge.place}`) && !nodes.get(edge.to).shape.length);
      if (!scalar) return html("li", {}, ...arrows);
      const factors = path.map(edge => `\x10\x0ep${edge.to}_${edge.place}\x0f\x11`).reverse().join(" \\cdot ");
      const product = html("span", {});
      this.products.push({ cell: product, keys: path.map(edge => `p${edge.to}_${edge.place}`) });
      return html("li", {}, ...arrows, ": ", this.math(factors), " = ", product);
    });
    if (count > paths.length) items.push(html("li", {}, said("more", { count: count - paths.length })));
    return [html("h4", {}, said("paths")), html("ul", { class: "paths" }, ...items)];
  }

  update() {
    this.lines.update();
    const join = (list, start, step) => {
      const values = list.keys.map(seen);
      const known = values.every(value => value !== undefined);
      list.cell.textContent = known ? line(values.reduce(step, start)) : "";
    };
    for (const sum of this.sums) join(sum, undefined, (a, b) => a === undefined ? b : total([a, b]));
    for (const product of this.products) join(product, 1, (a, b) => a*b);
  }
}
