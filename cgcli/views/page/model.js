// What is known: the numbers at the inputs there are, after so many steps, and what a reader wrote.

const nodes = new Map(data.nodes.map(node => [node.id, node]));
const edges = data.nodes.flatMap(node => node.arguments
  .map((from, place) => ({ from, to: node.id, place, typed: node.literals[place] }))
  .filter(edge => !edge.typed));
const usesOf = new Map(data.nodes.map(node => [node.id, []]));
for (const edge of edges) usesOf.get(edge.from)?.push(edge);

const number = value => JSON.parse(JSON.stringify(value), (_, v) => typeof v === "string" ? Number(v) : v);
const state = {
  step: 0, chosen: null, answers: new Map(), history: [],
  inputs: new Map(data.inputs.map(input => [input.node, number(input.value)])),
};
const first = new Map([...state.inputs].map(([node, value]) => [node, JSON.stringify(value)]));

/** The steps in order: the node of each, and whether it is one of the backward pass. */
const steps = data.rows.filter(row => row.number).map(row => ({ node: row.node, back: row.back ?? false }));
const stepOf = new Map(steps.map(({ node, back }, k) => [`${back ? "b" : "f"}${node}`, k + 1]));
const forwards = steps.filter(step => !step.back).length;

const places = new Map(data.keys.map((key, k) => [key, k]));
let numbers = [];

function calculate() {
  if (data.live) numbers = compute(...data.arguments.map(node => state.inputs.get(node)));
}

const has = key => places.has(key);
const of = key => numbers[places.get(key)];
const isFirst = () => [...first].every(([node, text]) => JSON.stringify(state.inputs.get(node)) === text);

const parts = key => /^([a-z])(\d+)(?:_(\d+))?/.exec(key);

/** After how many steps a number is known. */
const since = new Map();
function knownAt(key) {
  if (since.has(key)) return since.get(key);
  const [, kind, text] = parts(key), node = Number(text);
  let step = 0;
  if (kind === "v") step = stepOf.get(`f${node}`) ?? 0;
  else if (kind !== "g") step = stepOf.get(`b${node}`) ?? forwards;
  else {
    const uses = usesOf.get(node).filter(edge => has(`s${edge.to}_${edge.place}`));
    step = Math.max(forwards, ...uses.map(edge => stepOf.get(`b${edge.to}`) ?? forwards));
  }
  since.set(key, step);
  return step;
}

/** The key that a reader is asked for at the end of a row, if there is one. */
function blankOf(row) {
  const wanted = row.kind === "forward" ? "values" : "gradients";
  const is = ["forward", "sum", "chain", "part"].includes(row.kind)
    || (row.kind === "gradient" && row.sides.length > 2);
  return is && data.practice.includes(wanted) ? SLOT.exec(row.sides.at(-1))?.[1] : undefined;
}

const asked = new Set(data.rows.map(blankOf).filter(Boolean));

/** What a reader may see of a key: its number, or their own where it is right, or nothing. */
function seen(key) {
  if (!has(key) || knownAt(key) > state.step) return undefined;
  if (asked.has(key)) return isRight(key) ? state.answers.get(key).value : undefined;
  if (!data.practice.length) return of(key);
  const [, kind, node] = parts(key);
  if (kind === "v" || !data.practice.includes("gradients")) return of(key);
  if (kind !== "g") return undefined;
  const uses = usesOf.get(Number(node)).filter(edge => has(`s${edge.to}_${edge.place}`));
  return uses.length === 1 ? seen(`s${uses[0].to}_${uses[0].place}`) : uses.length ? undefined : of(key);
}

const holds = when => (when ?? []).every(([key, wanted]) => of(key) === wanted);

/** The notes at the numbers there are, each with its node. */
function notes() {
  if (data.practice.length) return [];
  if (!data.live || isFirst()) return data.notes;
  const outside = new Set(), reports = [];
  for (const rule of data.rules) {
    const node = nodes.get(rule.node), value = flat(of(`v${rule.node}`));
    const inner = node.arguments.flatMap((argument, k) =>
      node.literals[k] || !has(`v${argument}`) ? [] : flat(of(`v${argument}`)));
    if (inner.some(Number.isNaN)) continue;
    let is = false;
    if (rule.kind === "domain") is = of(rule.key) === rule.holds;
    else if (rule.kind === "kink") is = of(rule.key) === 1 && flat(of(`g${rule.node}`)).some(g => g !== 0);
    else if (outside.has(rule.node)) is = false;
    else if (rule.kind === "nothing") is = value.some(Number.isNaN);
    else is = value.some(v => Math.abs(v) === Infinity) && inner.every(Number.isFinite);
    if (is) reports.push(rule);
    if (is && rule.kind !== "kink") outside.add(rule.node);
  }
  return reports;
}

// Practice

/** A number as it was typed, or a fraction, or an array of numbers; undefined for anything else. */
function typed(text) {
  const plain = text.trim().replaceAll("−", "-").replace(/^\+/, "");
  const ratio = /^(-?[\d.]+)\s*\/\s*([\d.]+)$/.exec(plain);
  if (ratio) return Number(ratio[1])/Number(ratio[2]);
  if (/^\[/.test(plain)) {
    try {
      return JSON.parse(plain);
    } catch {
      return undefined;
    }
  }
  return plain !== "" && !Number.isNaN(Number(plain)) ? Number(plain) : undefined;
}

/** Whether a number rounds to what was typed, two digits at least. */
function agrees(text, answer, truth) {
  const ours = flat(answer), theirs = flat(truth);
  if (ours.length !== theirs.length) return false;
  const scales = text.match(/\d+(?:\.\d*)?(?:[eE][-+]?\d+)?/g) ?? [];
  return ours.every((mine, k) => {
    const other = theirs[k], size = Math.max(Math.abs(mine), Math.abs(other), Number.MIN_VALUE);
    if (mine === other || Math.abs(mine - other) <= 1e-9*size) return true;
    const [digits, exponent = "0"] = (scales[k] ?? "").toLowerCase().split("e");
    const [whole, decimals = ""] = digits.split(".");
    const significant = (whole + decimals).replace(/^0+/, "").length;
    if (significant < 2 || text.includes("/")) return false;
    return Math.abs(mine - other) <= 0.5*10**(Number(exponent) - decimals.length)*(1 + 1e-9);
  });
}

/** The number of a key as the reader goes on with it. */
const mine = key => state.answers.get(key)?.value ?? of(key);

function slopeOf(node) {
  const key = `g${node}`;
  if (state.answers.has(key)) return state.answers.get(key).value;
  const uses = usesOf.get(node)?.filter(edge => has(`s${edge.to}_${edge.place}`)) ?? [];
  if (!uses.length) return of(key);
  return total(uses.map(edge => mine(`s${edge.to}_${edge.place}`)));
}

const total = values => values.reduce((a, b) => Array.isArray(a) ? a.map((x, k) => total([x, b[k]])) : a + b);

/** What follows for a key from the reader's own numbers. */
function following(key) {
  const [, kind, text] = parts(key), node = Number(text);
  if (kind === "g") {
    const uses = usesOf.get(node).filter(edge => has(`s${edge.to}_${edge.place}`));
    return uses.length ? total(uses.map(edge => mine(`s${edge.to}_${edge.place}`))) : of(key);
  }
  const [names, keys] = data.follow;
  const given = names.map(name => typeof name === "number" ? state.inputs.get(name)
    : name[0] === "v" ? mine(name) : slopeOf(Number(name.slice(1))));
  return follow(...given)[keys.indexOf(key)];
}

function isRight(key) {
  const answer = state.answers.get(key);
  return answer !== undefined && agrees(answer.text, answer.value, of(key));
}

function mark(key) {
  const answer = state.answers.get(key);
  if (!answer) return "";
  if (isRight(key)) return "right";
  return agrees(answer.text, answer.value, following(key)) ? "follows" : "wrong";
}
