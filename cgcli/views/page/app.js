// The page: its controls, and what happens when an input or the step changes.

const pane = document.getElementById("rows");
calculate();
const END = steps.length + 1;
state.step = END;

const details = new Details(document.getElementById("details"));
const picture = new Picture(choose);
const working = new Working(pane, go);
const inputs = data.inputs.map(input => new Input(input, moved));
document.getElementById("inputs").append(...inputs.map(input => input.element));
document.getElementById("moves").hidden = !inputs.length;
document.getElementById("graph").classList.toggle("bare", !picture.root);
document.getElementById("picture").hidden = !picture.root;
document.body.classList.add(data.opens);
const isStill = !data.live || data.practice.length > 0 || nodes.get(data.output).shape.length > 0;
document.getElementById("learning").hidden = isStill || !inputs.length;
document.getElementById("about").hidden = !picture.root;
const descent = isStill ? null : new Descent(document.getElementById("descent"), inputs, moved);
const why = document.getElementById("why");
why.hidden = data.live;
why.textContent = data.live ? "" : said("static", { why: data.why });

// Steps

const player = document.getElementById("player");
let timer = 0;
const ICONS = {
  first: "M5 4v12M16 4 8 10l8 6z", back: "M14 4 6 10l8 6z", play: "M6 3.5 16 10 6 16.5z",
  pause: "M6 4h3v12H6zM11 4h3v12h-3z", forth: "M6 4l8 6-8 6z", last: "M15 4v12M4 4l8 6-8 6z",
};
const icon = name => svg("svg", { viewBox: "0 0 20 20", class: "icon", "aria-hidden": "true" },
  svg("path", { d: ICONS[name] }));
const button = (id, key, action) => html("button", {
  type: "button", id, "aria-label": said(key), title: said(key), onclick: action }, icon(id));
const slider = html("input", {
  type: "range", id: "step", min: 0, max: END, step: 1, "aria-label": said("steps"),
  oninput: () => go(Number(slider.value)) });
const play = button("play", "play", () => timer ? pause() : start());
const where = html("output", { for: "step" });
build(player, { role: "group", "aria-label": said("steps") }, [
  button("first", "start", () => go(0)), button("back", "back", () => go(state.step - 1)),
  play, button("forth", "forth", () => go(state.step + 1)),
  button("last", "end", () => go(END)), slider, where]);
player.hidden = !steps.length;

function start() {
  if (state.step >= END) go(0);
  timer = setInterval(() => state.step < END ? go(state.step + 1, true) : pause(), 1200);
  named();
}

function pause() {
  clearInterval(timer);
  timer = 0;
  named();
}

function named() {
  play.replaceChildren(icon(timer ? "pause" : "play"));
  build(play, { "aria-label": said(timer ? "pause" : "play"), title: said(timer ? "pause" : "play") }, []);
}

function go(step, isPlaying = false) {
  if (timer && !isPlaying) pause();
  state.step = Math.max(0, Math.min(END, step));
  refresh();
  working.show();
  picture.show();
}

/** Arrow keys step wherever they have no other meaning. */
document.addEventListener("keydown", event => {
  const step = { ArrowRight: 1, ArrowLeft: -1, End: Infinity, Home: -Infinity }[event.key];
  const is = event.target.closest("input, svg, .scroll");
  if (step === undefined || is || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  go(state.step + step);
});

// Changes

function choose(about, isClicked) {
  const same = JSON.stringify(about) === JSON.stringify(state.chosen);
  if (same && !isClicked) return;
  state.chosen = about;
  details.show(about);
  picture.update(noted);
}

let noted = new Set();
let waiting = 0;

function refresh() {
  texts.clear();
  shorts.clear();
  const last = state.step ? steps[state.step - 1] : undefined;
  const reports = notes();
  noted = new Set(reports.map(report => report.node));
  working.update();
  details.update();
  picture.update(noted);
  slider.value = String(state.step);
  const name = last ? nodes.get(last.node).name : "";
  const what = !state.step ? said("given") : !last ? said(asked.size ? "end" : "all")
    : `${said(last.back ? "backward" : "forward")}, ${name}`;
  const count = said("step", { step: Math.min(state.step, steps.length), steps: steps.length });
  where.textContent = last ? `${count}: ${what}` : what;
  slider.setAttribute("aria-valuetext", where.textContent);
  // What is read aloud, or seen later, may wait until the number has moved.
  clearTimeout(waiting);
  waiting = setTimeout(() => rest(reports), 60);
}

function rest(reports) {
  finish();
  const slots = [];
  const items = reports.map(report => html("p", { class: "note" }, sentence(report.text, slots)));
  for (const slot of slots) if (has(slot.key)) slot.put(of(slot.key), line(of(slot.key)));
  document.getElementById("notes").replaceChildren(...items);
  picture.describe();
  if (asked.size) {
    const right = [...asked].filter(key => mark(key) === "right").length;
    document.getElementById("score").textContent = said("practice", { right, count: asked.size });
  }
}

function finish() {
  working.finish();
  picture.finish();
}

function moved(isStep = false) {
  if (asked.size) {
    state.answers.clear();
    for (const field of document.querySelectorAll(".answer")) field.value = "";
  }
  calculate();
  if (isStep) for (const input of inputs) input.choose(input.at);
  else descent?.clear();
  refresh();
}

refresh();
finish();
