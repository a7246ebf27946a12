// For everyone: names for what only the browser knows.
(() => {
  // A box whose content is wider than the box can be reached by the keyboard, and says what it is.
  const boxes = "pre, .cell_output > .output, .pst-scrollable-table-container, div.math, mjx-container[display]";

  function name(box) {
    const scrolls = box.scrollWidth > box.clientWidth;
    if (scrolls === (box.getAttribute("role") === "group")) return;
    if (scrolls) {
      const what = box.matches(".math, mjx-container") ? "Formula" : box.querySelector("table") ? "Table" : "Code";
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", `${what}, wider than the screen`);
    } else {
      box.removeAttribute("role");
      box.removeAttribute("aria-label");
      box.tabIndex = -1;
    }
  }

  const resized = new ResizeObserver((entries) => entries.forEach((entry) => name(entry.target)));
  const all = document.querySelectorAll(boxes);
  all.forEach((box) => resized.observe(box));
  document.fonts.ready.then(() => all.forEach(name)); // other letters, another width

  // The theme takes the focus from a button once it is pressed; who presses it by the keyboard would begin anew at the top.
  document.addEventListener("click", (event) => {
    const button = event.target.closest('button[data-bs-toggle="tooltip"]');
    if (button && event.detail === 0 && document.activeElement === document.body) button.focus();
  });

  // The theme looks for the list of a page's headings on a page that has none, too, and fails.
  if (!document.querySelector("div.bd-sidebar-secondary")) {
    const none = Object.assign(document.createElement("div"), { className: "bd-sidebar-secondary", hidden: true });
    document.body.append(none);
  }

  // On a phone the list of a page's headings makes way for the one that was chosen.
  const contents = document.getElementById("pst-secondary-sidebar-modal");
  contents?.addEventListener("click", (event) => event.target.closest("a") && contents.close());

  // Who comes from the search sees the word that was found, unless a heading is meant.
  const toFound = () => {
    const found = location.hash ? [] : [...document.querySelectorAll("article .highlighted")];
    found.find((each) => each.checkVisibility())?.scrollIntoView({ block: "center" });
  };
  addEventListener("load", () => setTimeout(toFound, 20)); // Sphinx marks the words 10 ms after the page is there

  // The switch between light and dark says how it stands.
  const root = document.documentElement;
  const modes = { light: "light", dark: "dark", auto: "as the system has it" };
  const state = () => {
    for (const button of document.querySelectorAll(".theme-switch-button"))
      button.setAttribute("aria-label", `Colours: ${modes[root.dataset.mode] ?? modes.auto}`);
  };
  new MutationObserver(state).observe(root, { attributeFilter: ["data-mode"] });
  state();
})();
