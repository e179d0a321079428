// Runs in an isolated world of every document, before the page's own scripts. The page cannot see or change what is
// here, and Go calls it by name: look, focus, values, aim, choose. Elements are handed to Go as indices of `elements`,
// which each look renews.
(() => {
  "use strict";
  if (globalThis.oidcflow || window.parent !== window) return; // same-origin frames are looked at from the top

  const maxText = 4096;
  const maxItems = 200; // of fields, of buttons; a page with more is not one that anyone signs in with

  // Words in class names by which pages mark what went wrong, and those of other notices.
  const messageClass = /\b(errors?|alert|danger|invalid|failure|errorlist|errornote|errormessage|feedback|flash|warning|validation|infobox)\b/;
  const quietClass = /\b(success|info|hidden|valid feedback|icon)\b/;

  let elements = [];
  let drawnByScripts = false;
  let changes = 0;
  let lastChange = 0;

  const fold = (s) => (s || "").replace(/\s+/g, " ").trim();
  const clip = (s, n) => (s.length > n ? s.slice(0, n) : s);

  // visible says whether a person would see the element. A checkbox that a style sheet replaces by a picture is there
  // for its label, so that the size of check boxes and radio buttons does not count.
  function visible(el) {
    if (!el.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })) return false;
    if (el.closest("[inert]")) return false;
    const r = el.getBoundingClientRect();
    if (el.type === "checkbox" || el.type === "radio") return true;
    const win = el.ownerDocument.defaultView;
    if (r.width < 1 || r.height < 1) return el.tagName === "A" && el.getClientRects().length > 0;
    return r.right + win.scrollX > 0 && r.bottom + win.scrollY > 0;
  }

  function textOf(root, ids) {
    return fold(ids.split(/\s+/).map((id) => (id && root.getElementById ? root.getElementById(id) : null))
      .map((el) => (el ? el.textContent : "")).join(" "));
  }

  function label(el) {
    const root = el.getRootNode();
    if (el.getAttribute("aria-labelledby")) {
      const t = textOf(root, el.getAttribute("aria-labelledby"));
      if (t) return t;
    }
    if (el.getAttribute("aria-label")) return fold(el.getAttribute("aria-label"));
    if (el.labels && el.labels.length) return fold([...el.labels].map((l) => l.textContent).join(" "));
    return fold(el.title);
  }

  function isMessage(el) {
    const classes = [...el.classList].join(" ").replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[-_]+/g, " ").toLowerCase();
    if (quietClass.test(classes)) return false;
    const live = el.getAttribute("aria-live");
    const marked = el.getAttribute("role") === "alert" || live === "assertive" || live === "polite" || messageClass.test(classes);
    // A class such as "form-invalid" marks all that is around a field.
    return marked && el.tagName !== "BODY" && !el.querySelector("form, input:not([type=hidden]), select, textarea");
  }

  // children are those that a person sees below el: those of its shadow root, or of the slot's assignment.
  function children(el) {
    if (el.shadowRoot) {
      observe(el.shadowRoot);
      return el.shadowRoot.childNodes;
    }
    if (el.tagName === "SLOT") {
      const assigned = el.assignedNodes();
      if (assigned.length) return assigned;
    }
    return el.childNodes;
  }

  const silent = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "HEAD", "OPTION", "SVG", "svg"]);

  class Looker {
    constructor() {
      this.refs = [];
      this.forms = new Map();
      this.actions = [];
      this.text = "";
      this.messages = [];
      this.headings = [];
      this.fields = [];
      this.buttons = [];
      this.frames = [];
      this.scripts = false;
    }

    document(doc) {
      observe(doc);
      if (doc.scripts.length) this.scripts = true;
      for (const f of doc.forms) this.form(f);
      if (doc.body) this.node(doc.body);
    }

    form(f) {
      if (!f) return -1;
      if (!this.forms.has(f)) {
        this.forms.set(f, this.forms.size);
        this.actions.push(absolute(f.getAttribute("action") || f.ownerDocument.URL, f));
      }
      return this.forms.get(f);
    }

    ref(el) {
      this.refs.push(el);
      return this.refs.length - 1;
    }

    node(n) {
      if (n.nodeType === Node.TEXT_NODE) {
        if (this.text.length < maxText) this.text += n.data + " ";
        return;
      }
      if (n.nodeType !== Node.ELEMENT_NODE || silent.has(n.tagName)) return;
      const seen = visible(n);
      // An element without a box may have children with one (display: contents, position: fixed), but none below
      // display: none.
      if (!seen && !n.checkVisibility()) return;
      if (seen) this.element(n);
      if (n.tagName === "IFRAME" || n.tagName === "FRAME") return this.frame(n, seen);
      if (n.tagName === "SELECT" || n.tagName === "TEXTAREA") return;
      for (const c of children(n)) this.node(c);
      if (getComputedStyle(n).display !== "inline") this.text += "\n";
    }

    frame(el, seen) {
      let doc = null;
      try { doc = el.contentDocument; } catch { /* of another origin */ }
      const url = (doc && doc.URL) || el.src;
      if (url && url !== "about:blank") this.frames.push(clip(url, 2048));
      if (doc && seen) this.document(doc);
    }

    element(el) {
      const tag = el.tagName.toLowerCase();
      const role = el.getAttribute("role");
      if (/^h[1-6]$/.test(tag) || role === "heading") this.push(this.headings, el.innerText);
      if (isMessage(el) && !(this.outer && this.outer.contains(el))) {
        this.outer = el; // of marks within marks, the outermost
        this.push(this.messages, el.innerText);
      }
      if (el.getAttribute("aria-invalid") === "true") {
        const ids = [el.getAttribute("aria-errormessage"), el.getAttribute("aria-describedby")].filter(Boolean).join(" ");
        this.push(this.messages, textOf(el.getRootNode(), ids));
      }
      if (tag === "input" && ["submit", "image", "button", "reset"].includes(el.type)) return this.button(el, tag, role);
      if (tag === "input" && el.type === "hidden") return;
      if (tag === "input" || tag === "select" || tag === "textarea") return this.field(el, tag);
      if (tag === "button" || (tag === "a" && el.hasAttribute("href")) || role === "button" || role === "link") this.button(el, tag, role);
    }

    push(list, s) {
      const t = clip(fold(s), 500);
      if (t && !list.includes(t) && list.length < 50) list.push(t);
    }

    field(el, tag) {
      if (this.fields.length >= maxItems) return;
      this.fields.push({
        Ref: this.ref(el), Form: this.form(el.form), Tag: tag,
        Type: tag === "input" ? el.type.toLowerCase() : tag === "select" ? "select" : "textarea",
        Name: el.name, ID: el.id, Autocomplete: el.getAttribute("autocomplete") || "", InputMode: el.inputMode || "",
        Label: clip(label(el), 300), Placeholder: el.placeholder || "", MaxLength: el.maxLength > 0 ? el.maxLength : 0,
        Filled: el.type === "checkbox" || el.type === "radio" ? el.checked : el.value !== "", Checked: !!el.checked, Disabled: el.disabled, ReadOnly: !!el.readOnly,
      });
    }

    button(el, tag, role) {
      if (this.buttons.length >= maxItems || el.type === "reset") return;
      const link = role === "link" || (tag === "a" && role !== "button");
      this.buttons.push({
        Ref: this.ref(el), Form: this.form(el.form || el.closest("form")), Tag: tag,
        Type: link ? "link" : tag === "button" || tag === "input" ? el.type : "button",
        Name: el.name || "", Value: typeof el.value === "string" ? el.value : "", ID: el.id,
        Text: clip(fold(el.getAttribute("aria-label") || (tag === "input" ? el.value || el.alt : el.innerText) || el.title), 300),
        Action: absolute(el.getAttribute("formaction") || (tag === "a" && el.getAttribute("href")), el), Disabled: off(el),
      });
    }
  }

  // absolute is a URL of the document that el is in, or "" where there is none that leads to a server.
  function absolute(url, el) {
    if (!url) return "";
    try {
      const u = new URL(url, el.baseURI);
      return /^https?:$/.test(u.protocol) ? clip(u.href, 2048) : "";
    } catch {
      return "";
    }
  }

  const off = (el) => !!el.disabled || el.getAttribute("aria-disabled") === "true";

  // still is how long a page that scripts draw has to stay as it is before it is taken for drawn: frameworks draw in
  // steps, and for a moment a new heading may stand over an old form.
  const still = 70;

  let hurry = () => {}; // ends the wait of a look: nobody is interested in it any more

  // look is what a person sees.
  async function look() {
    let state = document.readyState;
    const left = lastChange + still - performance.now();
    if ((drawnByScripts || document.scripts.length) && left > 0) {
      const before = changes;
      await new Promise((done) => {
        hurry = done;
        setTimeout(done, left);
      });
      if (changes !== before) state = "drawing";
    }
    const l = new Looker();
    l.document(document);
    elements = l.refs;
    drawnByScripts = l.scripts; // those of frames too
    return {
      View: {
        URL: location.href, Title: fold(document.title), Text: clip(fold(l.text), maxText), Messages: l.messages,
        Headings: l.headings, Fields: l.fields, Buttons: l.buttons, Actions: l.actions, Frames: l.frames, Scripts: l.scripts,
      },
      State: state,
    };
  }

  // at is the element of a handle, or null once it has left the page.
  function at(ref) {
    const el = elements[ref];
    return el && el.isConnected ? el : null;
  }

  // focus makes ready for typing: what was in the field is selected, and is so replaced.
  function focus(ref) {
    const el = at(ref);
    if (!el) return "gone";
    if (off(el) || el.readOnly) return "disabled";
    el.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
    el.focus({ preventScroll: true });
    const root = el.getRootNode();
    if (root.activeElement !== el) return "unfocused";
    if (el.select) el.select();
    return "ok";
  }

  const values = (refs) => refs.map((r) => { const el = at(r); return el ? el.value : null; });

  // choose takes the option of a select whose value or text is v.
  function choose(ref, v) {
    const el = at(ref);
    if (!el) return "gone";
    const i = [...el.options].findIndex((o) => o.value === v || fold(o.text) === v);
    if (i < 0) return "no option";
    el.selectedIndex = i;
    el.dispatchEvent(new Event("input", { bubbles: true }));
    el.dispatchEvent(new Event("change", { bubbles: true }));
    return "ok";
  }

  const frameOf = (el) => el.ownerDocument.defaultView.frameElement;

  // centre is where to click, in the coordinates of the page: frames add their own place.
  function centre(el) {
    const r = el.getClientRects()[0] || el.getBoundingClientRect();
    let x = r.left + r.width / 2, y = r.top + r.height / 2;
    for (let f = frameOf(el); f; f = frameOf(f)) {
      const fr = f.getBoundingClientRect();
      x += fr.left + f.clientLeft;
      y += fr.top + f.clientTop;
    }
    return { x, y, own: { x: r.left + r.width / 2, y: r.top + r.height / 2 } };
  }

  function covered(el, p) {
    let hit = el.getRootNode().elementFromPoint(p.x, p.y);
    for (; hit; hit = hit.parentNode || hit.host) if (hit === el || hit.control === el) return false;
    return true;
  }

  // frame is the next one that is drawn. A page that is not on screen draws none.
  const frame = () => new Promise((done) => {
    requestAnimationFrame(done);
    setTimeout(done, 100);
  });

  // aim says where to click on an element once it is enabled and stands still, or why it cannot be clicked yet. Go asks
  // again when the page changes.
  async function aim(ref) {
    const el = at(ref);
    if (!el) return { State: "gone" };
    if (off(el)) return { State: "disabled" };
    el.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
    let p = centre(el);
    if (document.scripts.length || document.getAnimations().length) {
      await frame();
      if (!el.isConnected) return { State: "gone" };
      const q = centre(el);
      if (q.x !== p.x || q.y !== p.y) return { State: "moving" };
      p = q;
    }
    landed = false;
    el.ownerDocument.addEventListener("click", (e) => { landed ||= e.composedPath().includes(el); }, { capture: true, once: true });
    return { State: covered(el, p.own) ? "covered" : "ok", X: p.x, Y: p.y };
  }

  // hit says whether the click that followed aim reached its element. A busy page may hear of it a moment later.
  let landed = false;
  async function hit() {
    if (!landed) await frame();
    return landed;
  }

  // press clicks by script: the last resort for an element that something lies over.
  function press(ref) {
    const el = at(ref);
    if (!el) return "gone";
    el.click();
    return "ok";
  }

  // skeleton is the page as tags with what an allow-list lets through: neither values nor text.
  function skeleton() {
    const keep = ["type", "name", "role", "data-se"];
    const lines = [];
    const walk = (n, depth) => {
      if (n.nodeType !== Node.ELEMENT_NODE || silent.has(n.tagName) || lines.length >= 2000 || depth > 100) return;
      const attrs = keep.filter((a) => n.hasAttribute(a)).map((a) => ` ${a}=${JSON.stringify(clip(n.getAttribute(a), 80))}`);
      lines.push("  ".repeat(depth) + "<" + n.tagName.toLowerCase() + attrs.join("") + ">");
      let doc = null;
      try { doc = n.contentDocument; } catch { /* of another origin */ }
      for (const c of doc && doc.body ? [doc.body] : children(n)) walk(c, depth + 1);
    };
    if (document.body) walk(document.body, 0);
    return lines.join("\n") + "\n";
  }

  // typed reports whether a person types into el, as far as it holds something worth hiding elsewhere.
  const untyped = ["hidden", "submit", "button", "reset", "image", "checkbox", "radio", "range", "color"];
  const typed = (el) => el.tagName === "INPUT" && !untyped.includes(el.type) && el.value.length > 3;

  // hide hides the elements that show a typed value a second time, as text, or the whole page if it is spread over several.
  function hide(value, roots) {
    for (const root of roots) {
      const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      for (let n = texts.nextNode(); n; n = texts.nextNode())
        if (n.data.includes(value)) n.parentElement?.style.setProperty("visibility", "hidden", "important");
    }
    if (document.body.innerText.includes(value)) document.body.style.setProperty("visibility", "hidden", "important");
  }

  // mask blanks all that was typed, and pictures that may be codes to scan, before a picture is taken.
  async function mask() {
    const css = "input, textarea, select, [contenteditable] { color: transparent !important; -webkit-text-fill-color: transparent !important; text-shadow: none !important; caret-color: transparent !important }" +
      "input::placeholder { color: transparent !important } img, svg, canvas, video { visibility: hidden !important }";
    const blank = (root) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
      for (const el of root.querySelectorAll("*")) {
        if (el.shadowRoot) blank(el.shadowRoot);
        if (el.tagName === "IFRAME" || el.tagName === "FRAME") el.style.setProperty("visibility", "hidden", "important");
        if (typed(el)) values.push(el.value);
      }
      roots.push(root);
    };
    const values = [], roots = [];
    blank(document);
    values.forEach((value) => hide(value, roots));
    await frame();
    return true;
  }

  // change is true once something has changed, or false if nothing does in that time.
  let waiting = [];
  const change = (within) => new Promise((done) => {
    const timer = setTimeout(() => {
      waiting = waiting.filter((w) => w !== stirred);
      done(false);
    }, within);
    const stirred = () => { clearTimeout(timer); done(true); };
    waiting.push(stirred);
  });

  function stir() {
    const list = waiting;
    waiting = [];
    for (const w of list) w();
  }

  // quiet is true if nothing has changed for that long, and nothing does until it has been.
  async function quiet(long) {
    const left = lastChange + long - performance.now();
    return left <= 0 || !(await change(left));
  }

  globalThis.oidcflow = {
    look, focus, values, choose, aim, hit, press, skeleton, mask, // for Go
    visible, off, frame, change, stir, quiet, changes: () => changes, hurry: () => hurry(), // for okta.js
  };

  // Tell Go when there is something new to see, once per task.
  let told = false;
  function changed() {
    changes++;
    lastChange = performance.now();
    stir();
    if (told) return;
    told = true;
    setTimeout(() => { told = false; globalThis.oidcflowChanged(""); }, 0);
  }
  const observed = new WeakSet();
  function observe(root) {
    if (observed.has(root)) return;
    observed.add(root);
    new MutationObserver(changed).observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
  }
  observe(document);
  for (const e of ["load", "transitionend", "animationend", "readystatechange"]) document.addEventListener(e, changed, true);
})();
