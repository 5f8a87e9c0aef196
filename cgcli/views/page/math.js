// Elements, numbers as text, and LaTeX as MathML, with slots that numbers are put into.

const data = JSON.parse(document.getElementById("data").textContent);
const MATH = "http://www.w3.org/1998/Math/MathML", SVG = "http://www.w3.org/2000/svg";
const SLOT = /\x0e([^\x0f]*)\x0f/;

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const html = (tag, attributes = {}, ...children) =>
  build(document.createElement(tag), attributes, children);
const math = (tag, attributes = {}, ...children) =>
  build(document.createElementNS(MATH, tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  build(document.createElementNS(SVG, tag), attributes, children);

/** A sentence of the page, with values for the names in braces. */
function said(key, values = {}) {
  return data.words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const flat = value => Array.isArray(value) ? value.flat(Infinity) : [value];
const shaped = value => Array.isArray(value) ? [value.length, ...shaped(value[0])] : [];

/** A number with so many significant digits, as the other pages and tables have it. */
function written(number, digits = data.digits) {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  if (number === 0) return "0";
  const [mantissa, exponent] = Math.abs(number).toExponential(digits - 1).split("e");
  const power = Number(exponent), sign = number < 0 ? "−" : "";
  const short = text => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  if (power < -4 || power >= digits) {
    const raised = [...String(power)].map(c => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("");
    return `${sign}${short(mantissa)}×10${raised}`;
  }
  return sign + short(Math.abs(number).toFixed(Math.max(0, digits - 1 - power)));
}

/** A number, or an array on one line; of a long one its ends and its shape. */
function line(value, digits) {
  if (!Array.isArray(value)) return written(value, digits);
  const shape = shaped(value);
  if (shape.every(length => length <= 8)) return `[${value.map(v => line(v, digits)).join(", ")}]`;
  const all = flat(value);
  const ends = [...all.slice(0, shape.length > 1 ? 1 : 3), all.at(-1)].map(v => written(v, digits));
  return `[${ends.slice(0, -1).join(", ")}, …, ${ends.at(-1)}] ${shape.join("×")}`;
}

/** A place in a formula or a sentence that shows the number of a key. */
class Slot {
  constructor(key, element, brackets = null) {
    this.key = key;
    this.element = element;
    this.brackets = brackets;
    this.text = null;
  }

  put(value, text, mark = "") {
    if (this.text === text + mark) return;
    this.text = text + mark;
    this.element.className = `slot ${this.key[0] === "v" ? "value" : "slope"} ${mark}`;
    if (Array.isArray(value) && value.length > 1 && Array.isArray(value[0]) && text.length < 160
        && !text.includes("…")) {
      const cell = v => math("mtd", {}, math("mn", {}, written(v)));
      const rows = value.map(row => math("mtr", {}, ...row.map(cell)));
      this.element.replaceChildren(math("mtable", { class: "matrix" }, ...rows));
    } else if (mark === "blank") {
      this.element.replaceChildren(math("mspace", { width: "1.9em", height: "0.75em", depth: "0.2em" }));
    } else {
      this.element.replaceChildren(math(/^[^\d∞]*$/.test(text) ? "mtext" : "mn", {}, text));
    }
    const bound = !Array.isArray(value) && /^−|×/.test(text);
    for (const bracket of this.brackets ?? []) bracket.classList.toggle("off", !bound);
  }
}

const SIGNS = {
  cdot: "·", times: "×", partial: "∂", infty: "∞", approx: "≈", le: "≤", ge: "≥", ne: "≠",
  leftarrow: "←", ldots: "…", top: "⊤", "\\": "\n", "#": "#", _: "_", "%": "%", "&": "&",
};
const GREEK = Object.fromEntries(
  ("alpha α beta β gamma γ delta δ epsilon ϵ zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ "
  + "nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi ϕ chi χ psi ψ omega ω Gamma Γ Delta Δ "
  + "Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω").split(" ")
    .reduce((pairs, word, k, all) => k % 2 ? [...pairs, [all[k - 1], word]] : pairs, []));
const WORDS = ["text", "mathit", "mathtt", "operatorname", "mathrel"];

/** LaTeX as the program writes it → MathML; its slots are added to a list. */
class Formula {
  constructor(text, slots) {
    this.tokens = text.match(/\x0e[^\x0f]*\x0f|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|[^]/gu) ?? [];
    this.slots = slots;
    this.at = 0;
  }

  element(attributes = {}) {
    return math("math", attributes, this.row(() => false));
  }

  /** Everything up to a token, which is passed over. */
  row(ends) {
    const parts = [];
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at++];
      if (ends(token)) break;
      if (token === "^" || token === "_") this.script(parts, token);
      else if (token.trim()) parts.push(this.part(token));
    }
    return parts.length === 1 ? parts[0] : math("mrow", {}, ...parts);
  }

  script(parts, token) {
    const base = parts.pop() ?? math("mrow"), script = this.argument();
    const below = base.localName === "msub" && token === "^";
    if (below) parts.push(math("msubsup", {}, ...base.childNodes, script));
    else parts.push(math(token === "^" ? "msup" : "msub", {}, base, script));
  }

  argument() {
    let token = this.tokens[this.at++];
    while (token && !token.trim()) token = this.tokens[this.at++];
    return token === "{" ? this.row(t => t === "}") : this.part(token ?? "");
  }

  /** The text between braces, as it stands. */
  verbatim() {
    let text = "", depth = 0;
    do {
      const token = this.tokens[this.at++];
      depth += token === "{" ? 1 : token === "}" ? -1 : 0;
      if (token !== "{" && token !== "}") text += token.length === 2 && token[0] === "\\" ? token[1] : token;
    } while (depth > 0 && this.at < this.tokens.length);
    return text;
  }

  fenced(open, row, close) {
    return math("mrow", {}, ...(open ? [open] : []), row, ...(close ? [close] : []));
  }

  part(token) {
    const match = SLOT.exec(token);
    if (match) return this.slot(match[1]);
    if (token === "{") return this.row(t => t === "}");
    if (token === "\x10") return this.bracketed();
    if (/^\d/.test(token)) return math("mn", {}, token);
    if (token === "-") return math("mo", {}, "−");
    if (token === "*") return math("mo", {}, "∗");
    if (token === "'") return math("mo", {}, "′");
    if (/^\p{L}/u.test(token)) return math("mi", {}, token);
    if (token[0] !== "\\") return math("mo", /[[(|)\]]/.test(token) ? { stretchy: "false" } : {}, token);
    return this.command(token.slice(1));
  }

  slot(key, brackets = null) {
    const element = math("mrow");
    this.slots.push(new Slot(key, element, brackets));
    return element;
  }

  /** What needs brackets; a number does where it is negative. */
  bracketed() {
    const match = SLOT.exec(this.tokens[this.at]);
    if (match && this.tokens[this.at + 1] === "\x11") {
      this.at += 2;
      const brackets = ["(", ")"].map(text => math("mo", { class: "off" }, text));
      return this.fenced(brackets[0], this.slot(match[1], brackets), brackets[1]);
    }
    return this.fenced(math("mo", {}, "("), this.row(t => t === "\x11"), math("mo", {}, ")"));
  }

  command(name) {
    if (name in GREEK) return math("mi", {}, GREEK[name]);
    if (name in SIGNS) return math(name === "partial" || name === "infty" ? "mi" : "mo", {}, SIGNS[name]);
    if (WORDS.includes(name)) {
      const text = this.verbatim();
      if (name === "mathrel") return math("mo", {}, text);
      return math("mi", { class: name, mathvariant: name === "mathit" ? false : "normal" }, text);
    }
    if (name === "frac") return math("mfrac", {}, this.argument(), this.argument());
    if (name === "sqrt") {
      if (this.tokens[this.at] !== "[") return math("msqrt", {}, this.argument());
      this.at++;
      const index = this.row(t => t === "]");
      return math("mroot", {}, this.argument(), index);
    }
    if (name === "left") {
      const open = this.tokens[this.at++];
      const row = this.row(t => t === "\\right");
      return this.fenced(math("mo", {}, open), row, math("mo", {}, this.tokens[this.at++] ?? ""));
    }
    if (name === "underline") {
      this.argument();
      return math("mspace", { class: "slot blank", width: "2.5em", height: "0.75em", depth: "0.2em" });
    }
    if (name === ",") return math("mspace", { width: "0.17em" });
    if (name === "hspace") {
      this.verbatim();
      return math("mspace");
    }
    if (name === "begin") return this.matrix();
    return math("mi", { mathvariant: "normal" }, name);
  }

  matrix() {
    this.verbatim();
    const rows = [[]];
    let last = "";
    while (last !== "\\end" && this.at < this.tokens.length) {
      rows.at(-1).push(math("mtd", {}, this.row(t => {
        last = t;
        return t === "&" || t === "\\\\" || t === "\\end";
      })));
      if (last === "\\\\") rows.push([]);
    }
    this.verbatim();
    return math("mtable", { class: "matrix" }, ...rows.map(row => math("mtr", {}, ...row)));
  }
}

const formula = (text, slots = [], attributes = {}) => new Formula(text, slots).element(attributes);

/** A sentence: text, with mathematics between marks, and slots for numbers. */
function sentence(text, slots) {
  const parts = text.split(/[\x02\x03]/).flatMap((piece, k) => {
    if (k % 2) return [formula(piece, slots)];
    return piece.split(/(\x0e[^\x0f]*\x0f)/).filter(Boolean).map(part =>
      SLOT.test(part) ? formula(part, slots) : part);
  });
  return html("span", {}, ...parts);
}
