// The fragment leaves the address bar and the history, and goes to the program in a form.
const fragment = location.hash.slice(1);
if (fragment) {
  history.replaceState(null, "", location.pathname);
  const form = document.forms[0];
  form.elements.fragment.value = fragment;
  form.submit();
}
