// Whoever has no pointer scrolls a wide table by the keyboard; the theme wraps tables late.
function reach() {
  for (const wrap of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) {
    wrap.tabIndex = 0;
    wrap.setAttribute("role", "region");
    wrap.setAttribute("aria-label", "Table");
  }
}
new MutationObserver(reach).observe(document.body, { childList: true, subtree: true });
reach();
