// Runs after page.js, in the same world. It acts on the screens of Okta's Sign-In Widget: what is to be done is known from
// the engine's answer, and this finds where, once the page has drawn that answer.
(() => {
  "use strict";
  const page = globalThis.oidcflow;
  if (!page || page.act) return;

  const root = "#okta-sign-in";
  // all never leaves the widget, whatever a selector says that a user has written.
  const all = (selector) => [...document.querySelectorAll(root)].flatMap((el) => [...el.querySelectorAll(selector)]);

  // How long a screen of which elements were kept has to stay as it is, and how long a page may draw nothing.
  const still = 70, patience = 6000;
  const maxTries = 5; // of typing into a form that does not keep it

  let answer = 0;           // number of the newest answer, which the page may have drawn or not
  let before = new WeakSet(); // what was there when it came
  let marked = -1;          // page.changes() then; -1: nobody could mark

  // mark is called while an answer is held: the page cannot have drawn anything of it.
  function mark(n) {
    before = new WeakSet(all("*"));
    marked = page.changes();
    answer = n;
    page.stir(); // whoever waits for the drawing of the answer before
    page.hurry();
    return true;
  }

  const usable = (el) => page.visible(el) && !page.off(el) && !el.readOnly;

  const fieldNamed = (name) => {
    const list = all(`form [name="${CSS.escape(name)}"]`);
    return list.find(usable) || list[0];
  };

  // pressing returns the first that is there of what a generation of the page has for it.
  function pressing(ways) {
    const way = ways.find((w) => document.querySelector(w.When));
    for (const selector of way ? way.At : []) {
      const el = all(selector).find(page.visible);
      if (el) return el;
    }
    return null;
  }

  function parses(selector) {
    try {
      document.createDocumentFragment().querySelector(selector);
      return true;
    } catch {
      return false;
    }
  }

  // seek returns what the plan needs of the page, or why it is not there yet.
  function seek(plan) {
    const other = plan.Factor ? page.showFactor(plan.Factor, answer) : "";
    if (other) return { missing: other };
    const elements = [];
    for (const f of plan.Fields) {
      const el = fieldNamed(f.Name);
      if (!el || !page.visible(el)) return { missing: "the field " + f.Name, reveal: true };
      elements.push(el);
    }
    if (plan.Step === "choose") return { elements }; // the list of factors was all
    const wrong = plan.Press.flatMap((w) => w.At).find((selector) => !parses(selector));
    if (wrong !== undefined) return { wrong };
    const button = pressing(plan.Press);
    if (!button) return { missing: "the button for " + plan.Step };
    elements.push(button);
    if (plan.Await && !all(plan.Await).length) return { missing: "its proof of work" };
    if (!elements.every(usable)) return { missing: "a field or button that can be used for " + plan.Step };
    return { elements, button };
  }

  // fresh says whether all that was found is of the answer. Both generations draw a screen with elements of its own;
  // a page that keeps some has to have drawn something, and to be done with it.
  async function fresh(found, plan) {
    if (marked >= 0 && found.elements.every((el) => !before.has(el))) return true;
    if (page.changes() === marked) return false;
    if (!plan.Again && all("form input").some((el) => before.has(el) && page.visible(el))) return false;
    const n = answer;
    while (!(await page.quiet(still))) if (n !== answer) return false;
    return true;
  }

  const same = (a, b) => a && b && a.length === b.length && a.every((el, i) => el === b[i]);

  // type replaces what is in the field. The world of this script has setters of its own, so that what the page's
  // framework has made of its own is passed by, and it learns of the value by the event.
  function type(el, value) {
    el.focus({ preventScroll: true });
    el.value = value;
    for (const name of ["input", "change"]) el.dispatchEvent(new Event(name, { bubbles: true }));
  }

  // turn lets the page's scripts do what they have put off: a framework draws a value before it will send it.
  const turn = () => new Promise((done) => setTimeout(() => setTimeout(done)));

  // act does what the plan says as soon as the page shows answer n.
  async function act(n, plan) {
    if (n > answer) {
      mark(n);
      before = new WeakSet();
      marked = -1;
    }
    let last = null, tries = 0;
    for (;;) {
      if (n !== answer) return { State: "stale" };
      const seen = page.changes();
      const found = seek(plan);
      if (found.wrong !== undefined) return { State: "wrong", What: found.wrong };
      if (found.missing || !(await fresh(found, plan))) {
        last = null;
        if (found.reveal && reveal(plan)) continue;
        if (page.changes() !== seen) continue; // that may have been the last of it
        if (!(await page.change(patience)) && n === answer) return { State: "missing", What: found.missing || "a new screen" };
        continue;
      }
      if (!same(last, found.elements)) {
        last = found.elements;
        await page.frame(); // what is there for a moment is none of it
        continue;
      }
      plan.Fields.forEach((f, i) => type(last[i], f.Value));
      if (plan.Fields.length) await turn();
      const now = seek(plan);
      if (n === answer && same(last, now.elements) && plan.Fields.every((f, i) => last[i].value === f.Value)) {
        if (now.button) globalThis.oidcflowChanged("pressed " + n); // the page may be left by it before this returns
        now.button?.click();
        return { State: "ok" };
      }
      last = null;
      if (++tries === maxTries) return { State: "missing", What: "a form that keeps what is typed" };
    }
  }

  // reveal presses what shows the field, where the page hides it behind a link.
  let revealed = 0;
  function reveal(plan) {
    if (revealed === answer) return false;
    const link = pressing(plan.Reveal || []);
    if (!link || !usable(link) || before.has(link)) return false;
    revealed = answer;
    link.click();
    return true;
  }

  // empty says whether this is the page that the widget is to be drawn on, and has not been. Nothing but the names in its
  // scripts tell such a page from others.
  const marks = /okta-?sign-?in|OktaUtil|OktaLogin|initLoginPage/i;
  const drawn = "form, input, button, a, h1, h2, [role=alert]";
  const empty = () => [...document.scripts].some((s) => marks.test(s.src) || marks.test(s.text)) && !all(drawn).some(page.visible);

  // proving says whether the page does its proof of work.
  const proving = () => all('altcha-widget [data-state="verifying"]').length > 0;

  Object.assign(page, { mark, act, empty, proving });
})();
