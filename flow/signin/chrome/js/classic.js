// Runs between page.js and okta.js, in the same world. Okta's Classic page shows one factor of several before anybody has
// chosen, and has the others in a list. Choosing one there asks the engine nothing, so that only the page can tell.
(() => {
  "use strict";
  const page = globalThis.oidcflow;
  if (!page || page.showFactor) return;

  const all = (selector) => document.querySelectorAll("#okta-sign-in " + selector);
  let chosen = 0; // the answer for which a factor was chosen from the list

  // showFactor is "" once the page shows the factor, and nothing else beside it; until then it is what the page lacks. It
  // chooses the factor from the list, once for each answer.
  page.showFactor = (factor, answer) => {
    if (all(".auth-content-inner > *").length !== 1) return "one screen alone"; // a screen slides over the one before
    if (all(".auth-beacon-factor." + factor.Shown).length) return "";
    const [option] = all(".factor-option ." + factor.Listed);
    if (!option) return "the factor " + factor.Shown + " in its list";
    if (chosen !== answer) {
      chosen = answer;
      option.closest("a").click();
    }
    return "the factor " + factor.Shown;
  };
})();
